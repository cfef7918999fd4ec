# Sextant's targets for an application's own Makefile:
#
#   include /usr/local/share/sextant/sextant.mk
#
# A recipe ends with the verdict of its pipeline, which make tells at the end
# (`Error 3`) before it ends with status 2 itself, whatever the verdict was:
# where a program is to tell 3 (rolled back) from 4 (a person is needed now), it
# calls the script, or looks at the last record.
#
#   make deploy-prod CONFIRM=DEPLOY    where there is no terminal to type DEPLOY on
#   make restore SET=20261120_020000   the newest, unless it is named
#   make rollback VERSION=v1.2.3       the last that ended well, unless it is named
#   make smoke AT=localhost:3001       where `[smoke]` says, unless it is named

sextant := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
sextant-path := $(sextant)../../bin:$(PATH):/usr/local/bin:/usr/bin:/bin

.PHONY: deploy-dev deploy-staging deploy-prod health smoke backup restore rollback report

deploy-dev:
	@$(sextant)scripts/deploy.sh dev
deploy-staging:
	@$(sextant)scripts/deploy.sh staging
deploy-prod:
	@$(sextant)scripts/deploy-production.sh $(if $(filter DEPLOY,$(CONFIRM)),--yes)
health:
	@$(sextant)scripts/health-check.sh
smoke:
	@$(sextant)scripts/$(if $(AT),smoke-tests.sh $(AT),post-deployment-tests.sh)
backup:
	@PATH="$(sextant-path)"; backup
restore:
	@PATH="$(sextant-path)"; restore $(or $(SET),latest)
rollback:
	@$(sextant)scripts/rollback.sh $(VERSION)
report:
	@$(sextant)scripts/generate-report.sh
