complete -c backup -l to -d 'The folder that holds the sets [default: $BACKUP_DIR, else /backup/deployments]' -r -F
complete -c backup -l database -d 'Save this database; may be given several times [default: the application\'s]' -r
complete -c backup -s j -l jobs -d 'How many blocks are compressed side by side [default: the number of cores]' -r
complete -c backup -l compress -d 'How to compress: `gzip:1` to `gzip:12`, or `zstd:1` to `zstd:19` [default: gzip:6]' -r
complete -c backup -l flat -d 'Write one part as DIR/PREFIX-YYYYMMDD_HHMMSS.sql.gz, its proof beside it' -r
complete -c backup -l keep-within -d 'Keep the sets made within this time before the newest: `30d`, `12h`' -r
complete -c backup -l keep-last -d 'Keep the newest N sets' -r
complete -c backup -l keep-daily -d 'Keep the newest set of each of the last N days that have one' -r
complete -c backup -l keep-weekly -d 'Keep the newest set of each of the last N weeks that have one' -r
complete -c backup -l keep-monthly -d 'Keep the newest set of each of the last N months that have one' -r
complete -c backup -l keep-yearly -d 'Keep the newest set of each of the last N years that have one' -r
complete -c backup -l check -d 'Read a set again and compare its checksums [default: the newest]' -r
complete -c backup -l fresh -d 'Fail when the newest complete set is older than this: `26h`' -r
complete -c backup -l format -d 'How stdout is written [default: text on a terminal, else ndjson]' -r -f -a "text\t'For people: the default on a terminal'
ndjson\t'One JSON record a line: the default elsewhere'"
complete -c backup -l if -d 'When to do the work, given the records read from stdin' -r -f -a "success\t'Nothing before it failed'
failure\t'Something before it failed'
always\t'In any case'"
complete -c backup -s C -l folder -d 'Work in this folder instead of the current one' -r -F
complete -c backup -l config -d 'The configuration file [default: the nearest `sextant.toml` upwards]' -r -F
complete -c backup -l env -d 'The environment whose `[env.NAME]` overrides the configuration' -r
complete -c backup -l all-databases -d 'Save every database of the server'
complete -c backup -l dry-run -d 'Show what would be saved and removed, and why; change nothing'
complete -c backup -l list -d 'List the sets: date, version, size, status, age, parts'
complete -c backup -l no-input -d 'Do not read records from stdin'
complete -c backup -s h -l help -d 'Print help (see more with \'--help\')'
complete -c backup -s V -l version -d 'Print version'
