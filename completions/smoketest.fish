complete -c smoketest -l base -d 'Where the application is, instead of the scenario\'s `base`: a URL, or `host:port`' -r
complete -c smoketest -l only -d 'Run this step, with what it needs; may be repeated' -r
complete -c smoketest -l record -d 'Keep the bodies that failed steps were answered with in this folder' -r -F
complete -c smoketest -l format -d 'How stdout is written [default: text on a terminal, else ndjson]' -r -f -a "text\t'A table for people: the default on a terminal'
ndjson\t'One JSON record a line, those that were read first: the default elsewhere'
json\t'The final record alone, indented'
junit\t'A `JUnit` report, a test case a step'
tap\t'The Test Anything Protocol, version 14'"
complete -c smoketest -l if -d 'When to do the work, given the records read from stdin' -r -f -a "success\t'Nothing before it failed'
failure\t'Something before it failed'
always\t'In any case'"
complete -c smoketest -s C -l folder -d 'Work in this folder instead of the current one' -r -F
complete -c smoketest -l config -d 'The configuration file [default: the nearest `sextant.toml` upwards]' -r -F
complete -c smoketest -l env -d 'The environment whose `[env.NAME]` overrides the configuration' -r
complete -c smoketest -l list -d 'Show the steps; run none'
complete -c smoketest -l dry-run -d 'Show what would be done, in its order; ask nothing'
complete -c smoketest -l curl -d 'Write the scenario as a shell script of curl and jq; ask nothing'
complete -c smoketest -l no-input -d 'Do not read records from stdin'
complete -c smoketest -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smoketest -s V -l version -d 'Print version'
