# Thirty days of history: a healthcheck of 35 checks every five minutes from
# 00:00 on 1 October 2026 (UTC) on, a backup each night, a test restore each
# week, and a deployment on three days of the week, each tenth of which is
# rolled back. Its lines are as long as those of real records.
#
#   awk -v days=30 -f history.awk

function stamp(second) { return strftime("%Y-%m-%dT%H:%M:%S.000Z", begin + second, 1) }

function line(run, tool, name, status, at, ms, summary, data) {
    printf "{\"v\":1,\"run\":\"%s\",\"tool\":\"%s\",\"name\":\"%s\",\"status\":\"%s\",\"at\":\"%s\",\"ms\":%d,\"host\":\"prod-01\",\"project\":\"shop\",\"env\":\"production\",\"summary\":\"%s\",", run, tool, name, status, stamp(at), ms, summary
    if (status == "fail") printf "\"error\":{\"reason\":\"checks_failed\",\"message\":\"%s\"},", summary
    printf "\"data\":%s}\n", data
}

function check(name, kind, status, observed, expected, rest) {
    checks = checks (checks == "" ? "" : ",") "{\"name\":\"" name "\",\"kind\":\"" kind "\",\"status\":\"" status "\",\"ms\":4,\"observed\":\"" observed "\",\"expected\":\"" expected "\"," rest "}"
}

function health(at, n,   down, service, page, free) {
    checks = ""
    # An outage of 40 minutes each six days.
    down = n % 1728 >= 900 && n % 1728 < 908
    for (service = 1; service <= 8; service++)
        check("container:service" service, "container", "ok", "healthy, up 5days 3h 2m 1s", "service `service" service "` runs and is healthy", "\"measures\":[{\"name\":\"restarts\",\"value\":0,\"unit\":\"count\"},{\"name\":\"memory\",\"value\":" 40000000 + (n * 7919 + service * 104729) % 9000000 ",\"unit\":\"bytes\"},{\"name\":\"memory_used\",\"value\":" 40 + (n % 97) / 10 ",\"unit\":\"percent\",\"warn\":85.0,\"fail\":95.0},{\"name\":\"cpu_used\",\"value\":" (n * 31 % 400) / 10 ",\"unit\":\"percent\"}],\"facts\":{\"containers\":[{\"name\":\"shop-service" service "-1\",\"state\":\"running\",\"health\":\"healthy\",\"restarts\":0,\"exit\":null,\"started\":\"2026-09-28T11:30:21.851433578Z\",\"image\":\"shop/service" service ":latest\",\"image_id\":\"sha256:513bae504668eb18d2f9a8972e46550e679a41389522729acb7ba160897f892c\",\"memory\":44384256}]}")
    for (page = 1; page <= 15; page++)
        if (down && page < 4)
            check("page " page, "http", "fail", "503 in 2 ms, 19 B", "status 200 from GET https://shop.example.org/api/" page, "\"reason\":\"http_status\",\"hint\":\"look at the log of what answers\",\"measures\":[{\"name\":\"time\",\"value\":0.002,\"unit\":\"seconds\",\"warn\":1.0},{\"name\":\"first_byte\",\"value\":0.001,\"unit\":\"seconds\"},{\"name\":\"body\",\"value\":19,\"unit\":\"bytes\"}],\"facts\":{\"status\":503}")
        else
            check("page " page, "http", "ok", "200 in 14 ms, 133 B", "status 200 from GET https://shop.example.org/api/" page, "\"measures\":[{\"name\":\"time\",\"value\":" 0.010 + (n * 7919 + page * 31) % 4001 / 100000 ",\"unit\":\"seconds\",\"warn\":1.0},{\"name\":\"first_byte\",\"value\":0.003639255,\"unit\":\"seconds\"},{\"name\":\"body\",\"value\":133,\"unit\":\"bytes\"}],\"facts\":{\"status\":200}")
    for (page = 1; page <= 4; page++)
        check("certificate " page, "tls", "ok", "TLSv1.3, `shop" page ".example.org` has 60 days left", "TLS at shop" page ".example.org:443", "\"measures\":[{\"name\":\"handshake\",\"value\":0.012,\"unit\":\"seconds\"},{\"name\":\"days_left\",\"value\":" 60 + page - n / 288 ",\"unit\":\"days\",\"warn\":30.0,\"fail\":7.0,\"less_is_worse\":true}],\"facts\":{\"protocol\":\"TLSv1.3\",\"cipher\":\"TLS13_AES_256_GCM_SHA384\",\"subject\":\"CN=shop" page ".example.org\",\"issuer\":\"CN=R11,O=Let's Encrypt,C=US\",\"names\":[\"shop" page ".example.org\"],\"not_after\":\"2026-12-01\"}")
    free = 60000000000 - n * 2000000
    check("disk:/", "disk", "ok", "41 % used, 55.0 GiB free of 100.0 GiB", "less than 80 % (90 %) of `/` used", "\"measures\":[{\"name\":\"used\",\"value\":" 100 - free / 1000000000 ",\"unit\":\"percent\",\"warn\":80.0,\"fail\":90.0,\"max\":100.0},{\"name\":\"free\",\"value\":" free ",\"unit\":\"bytes\",\"less_is_worse\":true,\"max\":100000000000},{\"name\":\"inodes\",\"value\":7.5,\"unit\":\"percent\",\"warn\":80.0,\"fail\":90.0,\"max\":100.0}],\"facts\":{\"path\":\"/\"}")
    check("memory", "memory", "ok", "54 % used, 3.6 GiB available of 7.8 GiB", "less than 85 % (95 %) used", "\"measures\":[{\"name\":\"used\",\"value\":" 50 + n % 89 / 10 ",\"unit\":\"percent\",\"warn\":85.0,\"fail\":95.0,\"max\":100.0},{\"name\":\"swap\",\"value\":1.5,\"unit\":\"percent\",\"warn\":80.0,\"max\":100.0}]")
    check("load", "load", "ok", "0.41 0.38 0.35 on 2 cores", "less than 2 (4) a core", "\"measures\":[{\"name\":\"load1\",\"value\":" n % 41 / 100 ",\"unit\":\"count\"},{\"name\":\"load5\",\"value\":0.19,\"unit\":\"count\",\"warn\":2.0,\"fail\":4.0},{\"name\":\"load15\",\"value\":0.17,\"unit\":\"count\"}]")
    check("postgres", "postgres", "ok", "17.6, 12 of 100 connections, 812.4 MiB", "an answer within 1 s", "\"measures\":[{\"name\":\"connect\",\"value\":0.004,\"unit\":\"seconds\"},{\"name\":\"connections_used\",\"value\":" 10 + n % 7 ",\"unit\":\"percent\",\"warn\":80.0,\"fail\":95.0},{\"name\":\"connections\",\"value\":12,\"unit\":\"count\",\"max\":100},{\"name\":\"size\",\"value\":" 851900000 + n * 11000 ",\"unit\":\"bytes\"},{\"name\":\"oldest_transaction\",\"value\":0.2,\"unit\":\"seconds\"}],\"facts\":{\"version\":\"17.6\",\"database\":\"shop\",\"replicas\":0}")
    check("redis", "redis", "ok", "8.0.3, 1204 keys, 9.1 MiB", "PONG within 1 s", "\"measures\":[{\"name\":\"ping\",\"value\":0.0003,\"unit\":\"seconds\"},{\"name\":\"memory\",\"value\":" 9500000 + n % 1013 * 100 ",\"unit\":\"bytes\"},{\"name\":\"keys\",\"value\":1204,\"unit\":\"count\"},{\"name\":\"evicted\",\"value\":0,\"unit\":\"count\"},{\"name\":\"clients\",\"value\":9,\"unit\":\"count\"}],\"facts\":{\"version\":\"8.0.3\",\"role\":\"primary\",\"aof\":true,\"replicas\":0}")
    for (page = 1; page <= 3; page++)
        check("query " page, "prometheus", "ok", "{} is 0.2", "at most 5", "\"measures\":[{\"name\":\"value\",\"value\":" (n * 17 + page) % 113 / 100 ",\"unit\":\"count\",\"warn\":5.0}]")
    line(sprintf("01H%023d", n), "healthcheck", "healthcheck", down ? "fail" : "ok", at, 62, down ? "3 of 35 checks failed: `page 1` (http_status), `page 2` (http_status), `page 3` (http_status)" : "35 checks passed", "{\"checks\":[" checks "],\"ok\":" (down ? 32 : 35) ",\"warn\":0,\"fail\":" (down ? 3 : 0) ",\"skip\":0}")
}

function release(version) { return sprintf("\"release\":\"r%d\",\"version\":\"v1.%d.0\",\"git_commit\":\"56909342c28cdcc036229f965996b995e78b%04d\"", version, version, version) }

function deploy(at, n,   run, bad) {
    run = sprintf("01D%023d", n)
    bad = n % 10 == 9
    line(run, "rollback", "prepare", "ok", at, 440, "the way back is v1", "{\"operation\":\"o\"," release(n) ",\"services\":{},\"kept_by\":\"tag\"}")
    line(run, "step", "build", "ok", at + 40, 40000, "docker compose build", "{\"command\":[\"docker\",\"compose\",\"build\"],\"exit\":0,\"tries\":1,\"lines\":[]}")
    line(run, "step", "migrate", "ok", at + 44, 4000, "npx prisma migrate deploy", "{\"command\":[\"npx\"],\"exit\":0,\"tries\":1,\"lines\":[]}")
    line(run, "step", "up", "ok", at + 52, 8000, "docker compose up -d", "{\"command\":[\"docker\",\"compose\",\"up\",\"-d\"],\"exit\":0,\"tries\":1,\"lines\":[]}")
    line(run, "smoketest", "smoketest", bad ? "fail" : "ok", at + 55, 3000, "12 steps", "{\"steps\":[],\"ok\":12,\"warn\":0,\"fail\":0,\"skip\":0}")
    if (bad) line(run, "rollback", "rollback", "ok", at + 85, 30000, "v1 serves and is verified", "{\"from\":{" release(n + 1) "},\"to\":{" release(n) "},\"steps\":[],\"downtime_ms\":12000,\"warnings\":[]}")
    else line(run, "rollback", "record", "ok", at + 57, 800, "v1 serves", "{" release(n + 1) ",\"from\":{" release(n) "},\"services\":{},\"set\":null,\"images_given_up\":0}")
}

BEGIN {
    begin = 1790812800
    for (n = 0; n < days * 288; n++) {
        health(n * 300, n)
        if (n % 288 == 24) line(sprintf("01B%023d", n), "backup", "backup", "ok", n * 300 + 12, 4210, "3 parts, 8.0 KiB", sprintf("{\"path\":\"/backup/deployments/%d\",\"bytes\":%d,\"parts\":[{\"name\":\"database\",\"file\":\"database.sql.gz\",\"bytes\":%d},{\"name\":\"redis\",\"file\":\"redis.rdb\",\"bytes\":9000000}],\"version\":\"v1\",\"removed\":[],\"warnings\":[]}", n, 120000000 + n * 2000, 111000000 + n * 2000))
        if (n % 2016 == 30) line(sprintf("01R%023d", n), "restore", "restore", "ok", n * 300 + 12, 60210, "3 parts can be restored", sprintf("{\"path\":\"/backup/deployments/%d\",\"checked\":true,\"parts\":[]}", n - 6))
        if (n % 288 == 150 && int(n / 288) % 7 < 3) deploy(n * 300 + 30, ++deployed)
    }
}
