#!/bin/bash
# The rollback script of a deployment guide, as people write it:
#
#   rollback.sh [--no-cache]        the argument is `docker compose build`'s
#
# Service, user, paths and address are those of the demo's application, and the
# checks at the end are `smoketest`. Three lines had to be added, without which it
# ends half-way or the data stay as they are: they are marked.
set -e

echo "ROLLBACK EN COURS"

# 1. Identifier la dernière version stable
LAST_STABLE=$(git describe --tags --abbrev=0 HEAD^)
echo "Dernière version stable: $LAST_STABLE"

# 2. Confirmation
read -p "Confirmer le rollback vers $LAST_STABLE? (yes/NO) " -r
if [ "$REPLY" != "yes" ]; then
    echo "Rollback annulé"
    exit 1
fi

# 3. Activer le mode maintenance
echo "Activation du mode maintenance..."
docker compose exec -T api touch /tmp/maintenance

# 4. Arrêter les services actuels
echo "Arrêt des services..."
docker compose down

# 5. Restaurer le code
echo "Restauration du code..."
git checkout --quiet "$LAST_STABLE"

# 6. Restaurer la base de données
echo "Restauration de la base de données..."
# shellcheck disable=SC2012 # its own
LAST_BACKUP=$(ls -t "$BACKUP_DIR"/*/database.sql.gz | head -1)
# Added: nothing runs any more that `exec` could be told to.
docker compose up -d --wait postgres
# Added: over what is there, each table and key is refused as a duplicate.
docker compose exec -T postgres dropdb -U orchestr_a orchestr_a
docker compose exec -T postgres createdb -U orchestr_a orchestr_a
gunzip -c "$LAST_BACKUP" | docker compose exec -T postgres psql -q -U orchestr_a orchestr_a

# 7. Rebuild et restart
echo "Rebuild..."
docker compose build "$@"

echo "Redémarrage..."
docker compose up -d

# 8. Attendre le démarrage
echo "Attente du démarrage..."
for _ in {1..30}; do
    if curl -f "http://localhost:$API_PORT/api/health" >/dev/null 2>&1; then
        break
    fi
    sleep 2
done

# 9. Désactiver le mode maintenance
echo "Désactivation du mode maintenance..."
docker compose exec -T api rm -f /tmp/maintenance

# 10. Validation
echo "Validation..."
smoketest

echo "Rollback terminé vers $LAST_STABLE"
