-- What is late becomes urgent, and a comment says so.
BEGIN;
INSERT INTO comments (task_id, author_id, body)
    SELECT id, 1, 'En retard : la priorité passe de ' || priority || ' à CRITICAL.'
    FROM tasks WHERE due_at < '2026-01-01' AND status <> 'DONE';
UPDATE tasks SET priority = 'CRITICAL' WHERE due_at < '2026-01-01' AND status <> 'DONE';
ALTER TABLE projects ADD COLUMN archived boolean NOT NULL DEFAULT false;
COMMIT;
