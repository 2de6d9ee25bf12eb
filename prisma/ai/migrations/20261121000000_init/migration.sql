-- Jobs and token budgets of learners.
CREATE TYPE "ai_job_kind" AS ENUM ('QUIZ', 'SUMMARY', 'EXPLANATION');
CREATE TYPE "ai_job_state" AS ENUM ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED');

CREATE TABLE "ai_job" (
    "id" UUID NOT NULL,
    "learner_id" UUID NOT NULL,
    "kind" "ai_job_kind" NOT NULL,
    "state" "ai_job_state" NOT NULL DEFAULT 'QUEUED',
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "percentage" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "lesson_id" UUID NOT NULL,
    "input" JSONB NOT NULL,
    "output" JSONB,
    "failure_code" TEXT,
    "failure_message" TEXT,
    "model" TEXT,
    "prompt_tokens" INTEGER,
    "completion_tokens" INTEGER,
    "reserved_tokens" INTEGER NOT NULL DEFAULT 0,
    "idempotency_key" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "ai_job_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "ai_job_percentage" CHECK ("percentage" BETWEEN 0 AND 100)
);
CREATE UNIQUE INDEX "ai_job_learner_id_idempotency_key_key" ON "ai_job"("learner_id", "idempotency_key");
CREATE INDEX "ai_job_learner_id_created_at_id_idx" ON "ai_job"("learner_id", "created_at" DESC, "id" DESC);
CREATE INDEX "ai_job_learner_id_lesson_id_created_at_idx" ON "ai_job"("learner_id", "lesson_id", "created_at" DESC);
CREATE INDEX "ai_job_state_updated_at_idx" ON "ai_job"("state", "updated_at");

CREATE TABLE "ai_budget" (
    "learner_id" UUID NOT NULL,
    "day" DATE NOT NULL,
    "reserved" INTEGER NOT NULL DEFAULT 0,
    "spent" INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT "ai_budget_pkey" PRIMARY KEY ("learner_id", "day"),
    CONSTRAINT "ai_budget_not_negative" CHECK ("reserved" >= 0 AND "spent" >= 0)
);

-- Outbox. `seq` is given after the key's lock is held until commit, so that within a key it follows the order of commits.
CREATE TYPE "outbox_kind" AS ENUM ('event', 'job');
CREATE SEQUENCE "outbox_message_seq";
CREATE TABLE "outbox_message" (
    "id" UUID NOT NULL,
    "seq" BIGINT NOT NULL DEFAULT 0,
    "kind" "outbox_kind" NOT NULL,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "delivery" TEXT,
    "queue" TEXT,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "outbox_message_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "outbox_message_target" CHECK (("kind" = 'event' AND "delivery" IN ('live', 'log')) OR ("kind" = 'job' AND "queue" IS NOT NULL))
);
CREATE UNIQUE INDEX "outbox_message_seq_key" ON "outbox_message"("seq");

CREATE FUNCTION "outbox_message_order"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.name || ':' || NEW.key, 0));
    NEW.seq := nextval('outbox_message_seq');
    RETURN NEW;
END $$;
CREATE TRIGGER "outbox_message_order" BEFORE INSERT ON "outbox_message"
    FOR EACH ROW EXECUTE FUNCTION "outbox_message_order"();

CREATE FUNCTION "outbox_message_wake"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('outbox', '');
    RETURN NULL;
END $$;
CREATE TRIGGER "outbox_message_wake" AFTER INSERT ON "outbox_message"
    FOR EACH STATEMENT EXECUTE FUNCTION "outbox_message_wake"();

-- The table is emptied all the time: vacuum it often, so that the head of the index stays short.
ALTER TABLE "outbox_message" SET (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);
