complete -c healthcheck -s j -l jobs -d 'How many checks run at a time' -r
complete -c healthcheck -l wait -d 'Repeat what failed until all is well, for at most this long: `60s`, `5m`' -r
complete -c healthcheck -l silence -d 'Tell nobody of anything new for this long, and why; `0s` ends it; no check is run' -r
complete -c healthcheck -l format -d 'How stdout is written [default: text on a terminal, else ndjson]' -r -f -a "text\t'A table for people: the default on a terminal'
ndjson\t'One JSON record a line, those that were read first: the default elsewhere'
json\t'The final record alone, indented'
nagios\t'A line for Nagios, Icinga and the like, with performance data'
junit\t'A JUnit report'
tap\t'The Test Anything Protocol, version 14'
prometheus\t'Prometheus\' text format'
health+json\t'`application/health+json`, draft-inadarei-api-health-check-06'"
complete -c healthcheck -l exit -d 'Whose exit statuses to end with, in place of the pipeline\'s own' -r -f -a "nagios\t'A Nagios plugin\'s: 0 ok, 1 warning, 2 critical, 3 unknown'
docker\t'Docker\'s HEALTHCHECK: 0 healthy, 1 unhealthy'"
complete -c healthcheck -l textfile -d 'Also write this file for the textfile collector of node_exporter' -r -F
complete -c healthcheck -l status-file -d 'Also write this file: JSON with `timestamp`, `errors`, `status` and every result' -r -F
complete -c healthcheck -l if -d 'When to do the work, given the records read from stdin' -r -f -a "success\t'Nothing before it failed'
failure\t'Something before it failed'
always\t'In any case'"
complete -c healthcheck -s C -l folder -d 'Work in this folder instead of the current one' -r -F
complete -c healthcheck -l config -d 'The configuration file [default: the nearest `sextant.toml` upwards]' -r -F
complete -c healthcheck -l env -d 'The environment whose `[env.NAME]` overrides the configuration' -r
complete -c healthcheck -l list -d 'Show the checks and what each expects; run none'
complete -c healthcheck -l no-alert -d 'Tell nobody, and take no note of incidents'
complete -c healthcheck -l no-input -d 'Do not read records from stdin'
complete -c healthcheck -s h -l help -d 'Print help (see more with \'--help\')'
complete -c healthcheck -s V -l version -d 'Print version'
