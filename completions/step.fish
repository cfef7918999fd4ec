complete -c step -l timeout -d 'End the command, and all that it started, after this long: `90s`, `10m`, `1h 30m`' -r
complete -c step -l retry -d 'Try again, up to this many times, when the command fails' -r
complete -c step -l delay -d 'Wait this long before each further try [default: 1s]' -r
complete -c step -l confirm -d 'First ask for this word on the terminal' -r
complete -c step -l format -d 'How stdout is written [default: text on a terminal, else ndjson]' -r -f -a "text\t'For people: the default on a terminal'
ndjson\t'One JSON record a line: the default elsewhere'"
complete -c step -l if -d 'When to do the work, given the records read from stdin' -r -f -a "success\t'Nothing before it failed'
failure\t'Something before it failed'
always\t'In any case'"
complete -c step -s C -l folder -d 'Work in this folder instead of the current one' -r -F
complete -c step -l config -d 'The configuration file [default: the nearest `sextant.toml` upwards]' -r -F
complete -c step -l env -d 'The environment whose `[env.NAME]` overrides the configuration' -r
complete -c step -l compose -d 'COMMAND is a subcommand of Compose: run it with the project and files of the application'
complete -c step -l no-cache -d 'Build images without Docker\'s cache, where `step build` has no other command'
complete -c step -s y -l yes -d 'Do not ask'
complete -c step -l no-input -d 'Do not read records from stdin'
complete -c step -s h -l help -d 'Print help (see more with \'--help\')'
complete -c step -s V -l version -d 'Print version'
