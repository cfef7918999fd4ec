complete -c rollback -l service -d 'Return this service alone: its code and its image; no data' -r
complete -c rollback -l maintenance -d 'Switch maintenance mode on or off, or say whether it is on' -r -f -a "on\t''
off\t''
status\t''"
complete -c rollback -l format -d 'How stdout is written [default: text on a terminal, else ndjson]' -r -f -a "text\t'For people: the default on a terminal'
ndjson\t'One JSON record a line: the default elsewhere'"
complete -c rollback -l if -d 'When to do the work, given the records read from stdin' -r -f -a "success\t'Nothing before it failed'
failure\t'Something before it failed'
always\t'In any case'"
complete -c rollback -s C -l folder -d 'Work in this folder instead of the current one' -r -F
complete -c rollback -l config -d 'The configuration file [default: the nearest `sextant.toml` upwards]' -r -F
complete -c rollback -l env -d 'The environment whose `[env.NAME]` overrides the configuration' -r
complete -c rollback -l keep-database -d 'Leave database and Redis as they are'
complete -c rollback -l dry-run -d 'Show what would be done, and what would be lost; change nothing'
complete -c rollback -s f -l force -d 'Do not ask; `ROLLBACK_AUTO=true` in the environment says the same'
complete -c rollback -s l -l list -d 'List the releases and backup sets that there is a way back to'
complete -c rollback -l status -d 'Say where things stand'
complete -c rollback -l resume -d 'End what was interrupted: go on with a rollback, or go back from a deployment'
complete -c rollback -l undo -d 'Return to where things stood before the last rollback, data included'
complete -c rollback -l prepare -d 'The first link of a deployment: keep what serves now as the release to come back to'
complete -c rollback -l record -d 'The last link of a deployment: note what serves now as a release that ended well'
complete -c rollback -l no-input -d 'Do not read records from stdin'
complete -c rollback -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rollback -s V -l version -d 'Print version'
