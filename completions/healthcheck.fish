complete -c healthcheck -s j -l jobs -d 'How many checks run at a time' -r
complete -c healthcheck -l silence -d 'Tell nobody of anything new for this long, and why; `0s` ends it; no check is run' -r
complete -c healthcheck -l format -d 'How stdout is written [default: text on a terminal, else ndjson]' -r -f -a "text\t'For people: the default on a terminal'
ndjson\t'One JSON record a line: the default elsewhere'"
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
