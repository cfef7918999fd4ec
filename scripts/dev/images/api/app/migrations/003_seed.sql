-- What the application is delivered with: 17 people, 3 projects, 18 tasks.
-- `admin` logs in with `admin123`; the others have no password yet.

INSERT INTO departments (code, name) VALUES
    ('DSI', 'Direction des systèmes d''information'),
    ('RH', 'Ressources humaines'),
    ('COM', 'Communication & événementiel'),
    ('FIN', 'Finances');

INSERT INTO services (department_id, name, settings) VALUES
    (1, 'Développement', '{"sla": {"heures": 4, "jours": [1, 2, 3, 4, 5]}}'),
    (1, 'Exploitation', '{"astreinte": true, "téléphone": "+33 1 00 00 00 00"}'),
    (1, 'Support', '{}'),
    (2, 'Formation', '{"budget": 12500.50}'),
    (2, 'Paie', '{"logiciel": null}'),
    (3, 'Éditions', '{"chemin": "C:\\Partage\\éditions"}'),
    (4, 'Contrôle de gestion', '{"devise": "€"}');

INSERT INTO skills (name, aliases) VALUES
    ('PostgreSQL', '{postgres,pg,"SQL, avancé"}'),
    ('Rust', '{}'),
    ('TypeScript', '{ts,"type\\script"}'),
    ('Ergonomie', '{UX,"l''usage"}'),
    ('Gestion de projet', '{"PMP","Prince2",NULL}');

INSERT INTO users (login, email, password_hash, first_name, last_name, role, department_id, manager_id, preferences) VALUES
    ('admin', 'admin@orchestr-a.example', 'scrypt:32768:8:1$pb4vWMw6JD93P5Hw$a4ad4e548c25203066339d047dd2abf9a07b23a57e7581623428b70258d71a320d1e9ea1a2138df4f3ff585a12a559f4976822f2be03f187875ac4daf3a1a376', 'Alice', 'Administratrice', 'ADMIN', 1, NULL, '{"langue": "fr", "thème": "sombre"}'),
    ('bruno.lefevre', 'bruno.lefevre@orchestr-a.example', '!', 'Bruno', 'Lefèvre', 'RESPONSABLE', 1, 1, DEFAULT),
    ('celine.dupont', 'celine.dupont@orchestr-a.example', '!', 'Céline', 'Dupont', 'RESPONSABLE', 2, 1, DEFAULT),
    ('denis.obrien', 'denis.obrien@orchestr-a.example', '!', 'Denis', 'O''Brien', 'MANAGER', 1, 2, DEFAULT),
    ('elodie.garcon', 'elodie.garcon@orchestr-a.example', '!', 'Élodie', 'Garçon', 'MANAGER', 3, 1, '{"langue": "en"}'),
    ('farid.benali', 'farid.benali@orchestr-a.example', '!', 'Farid', 'Ben Ali', 'CONTRIBUTEUR', 1, 4, DEFAULT),
    ('gaelle.le-goff', 'gaelle.le-goff@orchestr-a.example', '!', 'Gaëlle', 'Le Goff', 'CONTRIBUTEUR', 1, 4, DEFAULT),
    ('hugo.moreau', 'hugo.moreau@orchestr-a.example', '!', 'Hugo', 'Moreau', 'CONTRIBUTEUR', 1, 4, DEFAULT),
    ('ines.roux', 'ines.roux@orchestr-a.example', '!', 'Inès', 'Roux', 'CONTRIBUTEUR', 2, 3, DEFAULT),
    ('jules.petit', 'jules.petit@orchestr-a.example', '!', 'Jules', 'Petit', 'CONTRIBUTEUR', 2, 3, DEFAULT),
    ('karim.haddad', 'karim.haddad@orchestr-a.example', '!', 'Karim', 'Haddad', 'CONTRIBUTEUR', 3, 5, DEFAULT),
    ('lea.fontaine', 'lea.fontaine@orchestr-a.example', '!', 'Léa', 'Fontaine', 'CONTRIBUTEUR', 3, 5, DEFAULT),
    ('malo.guerin', 'malo.guerin@orchestr-a.example', '!', 'Malo', 'Guérin', 'CONTRIBUTEUR', 1, 4, DEFAULT),
    ('nora.weiss', 'nora.weiss@orchestr-a.example', '!', 'Nora', 'Weiß', 'CONTRIBUTEUR', 4, 1, DEFAULT),
    ('oscar.nunez', 'oscar.nunez@orchestr-a.example', '!', 'Óscar', 'Núñez', 'CONTRIBUTEUR', 4, 14, DEFAULT),
    ('paula.kowalska', 'paula.kowalska@orchestr-a.example', '!', 'Paula', 'Kowalska-Łęcka', 'OBSERVATEUR', 4, 14, DEFAULT),
    ('quentin.dubois', 'quentin.dubois@orchestr-a.example', '!', 'Quentin', 'Dubois', 'OBSERVATEUR', NULL, NULL, '{}');
UPDATE users SET avatar = decode('89504e470d0a1a0a00ff5c270a', 'hex') WHERE login = 'admin';
UPDATE users SET active = false WHERE login = 'quentin.dubois';

INSERT INTO user_services SELECT u.id, s.id FROM users u JOIN services s USING (department_id) WHERE (u.id + s.id) % 2 = 0;
INSERT INTO user_skills SELECT u.id, k.id, 1 + (u.id * k.id) % 5 FROM users u CROSS JOIN skills k WHERE (u.id + k.id) % 3 = 0;
INSERT INTO telework_schedules (user_id, weekday) SELECT u.id, 1 + (u.id + d) % 5 FROM users u CROSS JOIN generate_series(0, 1) d;
INSERT INTO leaves (user_id, period, reason) VALUES
    (2, '[2025-12-22,2026-01-03)', 'Congés de fin d''année'),
    (6, '[2025-08-01,2025-08-23)', NULL),
    (7, '[2026-02-09,)', 'Congé maternité');

INSERT INTO projects (name, description, settings, budget, owner_id) VALUES
    ('Refonte du portail', E'Remplacer l\'ancien portail\tpar une application.\nVoir C:\\portail\\LISEZMOI.txt', '{"couleur": "#0f766e", "étapes": ["cadrage", "réalisation", "recette"]}', 125000.00, 2),
    ('Migration PostgreSQL 17', 'De 15 à 17 — sans interruption 🐘', '{"fenêtre": {"début": "22:00", "fin": "02:00"}}', 18500.50, 4),
    ('Accueil des nouveaux', NULL, '{}', NULL, 3);

INSERT INTO epics (project_id, name) VALUES (1, 'Authentification'), (1, 'Tableau de bord'), (2, 'Répétition générale');
INSERT INTO milestones (project_id, name, due_on) VALUES (1, 'Version 2.0', '2025-11-20'), (2, 'Bascule', '2026-03-01'), (3, 'Livret', NULL);
INSERT INTO project_members (project_id, user_id) SELECT p.id, u.id FROM projects p CROSS JOIN users u WHERE (p.id * u.id) % 4 < 2;

INSERT INTO tasks (project_id, epic_id, title, description, status, priority, tags, estimated_hours, spent_hours, assignee_id, due_at) VALUES
    (1, 1, 'Écran de connexion', 'Champs, erreurs, « mot de passe oublié »', 'DONE', 'HIGH', '{ui,auth}', 16, 18.5, 6, '2025-10-03 18:00+02'),
    (1, 1, 'Jetons JWT de 7 jours', E'Clé dans `JWT_SECRET`; jamais dans l\'historique', 'DONE', 'CRITICAL', '{auth,sécurité}', 12, 11.25, 7, '2025-10-10 18:00+02'),
    (1, 1, 'Rôles et droits', NULL, 'IN_REVIEW', 'HIGH', '{auth}', 20, 14, 6, '2025-11-28 18:00+01'),
    (1, 2, 'Compteurs d''accueil', '', 'IN_PROGRESS', 'NORMAL', '{}', 8, 2.5, 8, NULL),
    (1, 2, 'Graphique d''avancement', '<svg onload="alert(1)">', 'TODO', 'NORMAL', '{ui,"deux mots"}', 24, 0, 13, '2025-12-12 18:00+01'),
    (1, 2, 'Export CSV', E'séparateur ; guillemets " et tabulation\t', 'BLOCKED', 'LOW', '{export,NULL}', 6, 1, NULL, NULL),
    (1, NULL, 'Traductions', 'français, english, 日本語, العربية', 'TODO', 'LOW', '{i18n}', 30, 0, 12, NULL),
    (1, NULL, 'Recette', NULL, 'TODO', 'HIGH', '{}', 40, 0, 4, '2026-01-15 18:00+01'),
    (2, 3, 'Inventaire des extensions', 'citext, pg_trgm, btree_gist', 'DONE', 'NORMAL', '{pg}', 4, 3, 6, '2025-09-30 12:00+02'),
    (2, 3, 'Répétition sur une copie', 'pg_dump | psql, puis comparer', 'IN_PROGRESS', 'CRITICAL', '{pg,sauvegarde}', 16, 9.75, 6, NULL),
    (2, 3, 'Mesurer l''interruption', NULL, 'TODO', 'HIGH', '{pg}', 8, 0, 7, NULL),
    (2, NULL, 'Prévenir les usagers', E'Ligne 1\r\nLigne 2\\.\n\\.\nfin', 'TODO', 'NORMAL', '{com}', 2, 0, 11, NULL),
    (2, NULL, 'Plan de retour arrière', 'Qui décide ? Jusqu''à quand ?', 'IN_REVIEW', 'CRITICAL', '{pg,plan}', 10, 6, 4, NULL),
    (3, NULL, 'Livret d''accueil', NULL, 'IN_PROGRESS', 'NORMAL', '{rh}', 12, 5, 9, NULL),
    (3, NULL, 'Parcours de formation', '$$ ne pas interpréter $$', 'TODO', 'NORMAL', '{rh,formation}', 18, 0, 10, NULL),
    (3, NULL, 'Matériel', 'portable; écran; badge', 'DONE', 'LOW', '{}', 3, 3, 8, NULL),
    (3, NULL, 'Comptes informatiques', '\N', 'TODO', 'HIGH', '{auth}', 2, 0, 13, NULL),
    (3, NULL, 'Bilan à trois mois', repeat('À compléter — « l''avis de chacun » \ ', 400), 'TODO', 'LOW', '{rh}', 4, 0, 9, '2026-06-30 18:00+02');

INSERT INTO task_dependencies VALUES (2, 1), (3, 2), (8, 3), (8, 4), (10, 9), (11, 10), (13, 10);
INSERT INTO task_raci SELECT t.id, t.assignee_id, 'R' FROM tasks t WHERE t.assignee_id IS NOT NULL;
INSERT INTO task_raci SELECT t.id, p.owner_id, 'A' FROM tasks t JOIN projects p ON p.id = t.project_id;
INSERT INTO comments (task_id, author_id, body) SELECT t.id, 1 + (t.id * n) % 17, CASE n WHEN 1 THEN NULL ELSE 'Avis n° ' || n || E' : d\'accord \\o/' END FROM tasks t CROSS JOIN generate_series(1, 4) n;
INSERT INTO time_entries (task_id, user_id, day, spent) SELECT t.id, t.assignee_id, date '2025-06-02' + (n * 17), make_interval(mins => 15 * n) FROM tasks t CROSS JOIN generate_series(1, 20) n WHERE t.assignee_id IS NOT NULL;

-- A large object, as older document modules leave them.
SELECT lo_from_bytea(0, decode(repeat('00ff5c27', 1024), 'hex'));
REFRESH MATERIALIZED VIEW workload;
