complete -c deploy-report -l run -d 'Report on this run of the history: its id, the end of its id, or `latest`' -r
complete -c deploy-report -l since -d 'Report on the deployments and rollbacks of the history since then: `2h`, `7d`, `2026-11-20` or a time as records have it' -r
complete -c deploy-report -l period -d 'Report on the last day, week or month that had ended when the history\'s newest record was written: availability, incidents, response times, resources, backups, certificates, deployments' -r -f -a "day\t'From midnight to midnight, in the time zone'
week\t'From Monday to Sunday'
month\t'A calendar month'
days\t'From the day of `--since` to that of `--of`, else of the newest record'"
complete -c deploy-report -l of -d 'With `--period`: the one that this day is in' -r
complete -c deploy-report -l from -d 'Report on the records in this file: NDJSON, or a report in HTML, which holds the records that it was made of' -r -F
complete -c deploy-report -l format -d 'How the report is written; with `--out` several may be named [default: html with `--out`; else text on a terminal, and records elsewhere]' -r -f -a "text\t'For a terminal: the default there'
markdown\t'GitHub\'s Markdown'
html\t'One file, for a browser, a phone and a printer'
json\t'What the other formats are made of, for programs'
pdf\t'The HTML as an installed Chromium prints it; with `--out` only'
ndjson\t'No report on stdout, but one JSON record a line, those that were read first: the default where stdout is no terminal'"
complete -c deploy-report -l out -d 'Write the report into this folder, as `deployment-YYYYMMDD_HHMMSS.*`, and let `latest.*` lead to it' -r -F
complete -c deploy-report -l lang -d 'The report\'s language [default: that of LC_ALL, LC_MESSAGES or LANG, else en]' -r -f -a "fr\t'French'
en\t'English'"
complete -c deploy-report -l timezone -d 'The time zone of dates and times: `UTC`, `+01:00` or `Europe/Paris`' -r
complete -c deploy-report -l template -d 'Write the report with this template instead of the built-in one of the format' -r -F
complete -c deploy-report -l if -d 'When to do the work, given the records read from stdin' -r -f -a "success\t'Nothing before it failed'
failure\t'Something before it failed'
always\t'In any case'"
complete -c deploy-report -s C -l folder -d 'Work in this folder instead of the current one' -r -F
complete -c deploy-report -l config -d 'The configuration file [default: the nearest `sextant.toml` upwards]' -r -F
complete -c deploy-report -l env -d 'The environment whose `[env.NAME]` overrides the configuration' -r
complete -c deploy-report -l print-template -d 'Show the built-in template of the format, as a start for one\'s own'
complete -c deploy-report -l no-input -d 'Do not read records from stdin'
complete -c deploy-report -s h -l help -d 'Print help (see more with \'--help\')'
complete -c deploy-report -s V -l version -d 'Print version'
