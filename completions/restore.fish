complete -c restore -l from -d 'The folder that holds the sets [default: $BACKUP_DIR, else /backup/deployments]' -r -F
complete -c restore -l into -d 'Restore the database under this name' -r
complete -c restore -s j -l jobs -d 'How many blocks are decompressed side by side [default: the number of cores]' -r
complete -c restore -l format -d 'How stdout is written [default: text on a terminal, else ndjson]' -r -f -a "text\t'For people: the default on a terminal'
ndjson\t'One JSON record a line: the default elsewhere'"
complete -c restore -l if -d 'When to do the work, given the records read from stdin' -r -f -a "success\t'Nothing before it failed'
failure\t'Something before it failed'
always\t'In any case'"
complete -c restore -s C -l folder -d 'Work in this folder instead of the current one' -r -F
complete -c restore -l config -d 'The configuration file [default: the nearest `sextant.toml` upwards]' -r -F
complete -c restore -l env -d 'The environment whose `[env.NAME]` overrides the configuration' -r
complete -c restore -l check -d 'Restore into a scratch database and a scratch Redis, compare, and drop them again'
complete -c restore -l in-place -d 'Empty and refill the database in one transaction, where no other may be created'
complete -c restore -l ahead -d 'Load aside while the tools before this one still work, and exchange what is live once they have ended; none of them may be a backup of the same application'
complete -c restore -l sweep -d 'Only remove what restores that were killed left behind'
complete -c restore -l keep-old -d 'Keep the database and the files from before'
complete -c restore -s y -l yes -d 'Do not ask'
complete -c restore -l no-input -d 'Do not read records from stdin'
complete -c restore -s h -l help -d 'Print help (see more with \'--help\')'
complete -c restore -s V -l version -d 'Print version'
