-- Reference copies of published courses, the same on every shard.
CREATE TYPE "enrollment_status" AS ENUM ('ACTIVE', 'COMPLETED', 'WITHDRAWN');
CREATE TYPE "activity_kind" AS ENUM ('ENROLLED', 'LESSON_STARTED', 'LESSON_COMPLETED', 'PROBLEM_ANSWERED', 'COURSE_COMPLETED');

CREATE TABLE "outline_course" (
    "course_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "available" BOOLEAN NOT NULL,
    "title" TEXT NOT NULL,
    "lesson_count" INTEGER NOT NULL,
    "problem_count" INTEGER NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "outline_course_pkey" PRIMARY KEY ("course_id")
);

CREATE TABLE "outline_lesson" (
    "lesson_id" UUID NOT NULL,
    "course_id" UUID NOT NULL,
    "section_id" UUID NOT NULL,
    "module_id" UUID NOT NULL,
    "title" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    CONSTRAINT "outline_lesson_pkey" PRIMARY KEY ("lesson_id"),
    CONSTRAINT "outline_lesson_course_id_fkey" FOREIGN KEY ("course_id") REFERENCES "outline_course"("course_id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "outline_lesson_course_id_position_idx" ON "outline_lesson"("course_id", "position");

CREATE TABLE "outline_problem" (
    "problem_id" UUID NOT NULL,
    "lesson_id" UUID NOT NULL,
    "course_id" UUID NOT NULL,
    "grading" JSONB NOT NULL,
    "explanation" TEXT NOT NULL DEFAULT '',
    CONSTRAINT "outline_problem_pkey" PRIMARY KEY ("problem_id"),
    CONSTRAINT "outline_problem_lesson_id_fkey" FOREIGN KEY ("lesson_id") REFERENCES "outline_lesson"("lesson_id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "outline_problem_course_id_fkey" FOREIGN KEY ("course_id") REFERENCES "outline_course"("course_id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "outline_problem_lesson_id_idx" ON "outline_problem"("lesson_id");
CREATE INDEX "outline_problem_course_id_idx" ON "outline_problem"("course_id");

-- What learners did. Nothing here refers to outlines: what was done stays when a course changes.
CREATE TABLE "enrollment" (
    "id" UUID NOT NULL,
    "learner_id" UUID NOT NULL,
    "course_id" UUID NOT NULL,
    "status" "enrollment_status" NOT NULL DEFAULT 'ACTIVE',
    "completed_lessons" INTEGER NOT NULL DEFAULT 0,
    "total_lessons" INTEGER NOT NULL DEFAULT 0,
    "answered_problems" INTEGER NOT NULL DEFAULT 0,
    "correct_problems" INTEGER NOT NULL DEFAULT 0,
    "total_problems" INTEGER NOT NULL DEFAULT 0,
    "percentage" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "enrolled_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "completed_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "enrollment_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "enrollment_percentage" CHECK ("percentage" BETWEEN 0 AND 100)
);
CREATE UNIQUE INDEX "enrollment_learner_id_course_id_key" ON "enrollment"("learner_id", "course_id");
CREATE INDEX "enrollment_learner_id_course_id_status_idx" ON "enrollment"("learner_id", "course_id", "status");
CREATE INDEX "enrollment_learner_id_enrolled_at_id_idx" ON "enrollment"("learner_id", "enrolled_at" DESC, "id" DESC);
CREATE INDEX "enrollment_course_id_idx" ON "enrollment"("course_id");

CREATE TABLE "lesson_progress" (
    "learner_id" UUID NOT NULL,
    "lesson_id" UUID NOT NULL,
    "course_id" UUID NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "completed_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "lesson_progress_pkey" PRIMARY KEY ("learner_id", "lesson_id")
);
CREATE INDEX "lesson_progress_learner_id_updated_at_idx" ON "lesson_progress"("learner_id", "updated_at" DESC);
CREATE INDEX "lesson_progress_learner_id_course_id_idx" ON "lesson_progress"("learner_id", "course_id");

CREATE TABLE "problem_attempt" (
    "id" UUID NOT NULL,
    "learner_id" UUID NOT NULL,
    "problem_id" UUID NOT NULL,
    "course_id" UUID NOT NULL,
    "choice_ids" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "response" TEXT,
    "correct" BOOLEAN NOT NULL,
    "submitted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "problem_attempt_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "problem_attempt_learner_id_problem_id_submitted_at_id_idx" ON "problem_attempt"("learner_id", "problem_id", "submitted_at" DESC, "id" DESC);

CREATE TABLE "problem_state" (
    "learner_id" UUID NOT NULL,
    "problem_id" UUID NOT NULL,
    "course_id" UUID NOT NULL,
    "correct" BOOLEAN NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 1,
    "answered_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "problem_state_pkey" PRIMARY KEY ("learner_id", "problem_id")
);
CREATE INDEX "problem_state_learner_id_course_id_idx" ON "problem_state"("learner_id", "course_id");

CREATE TABLE "learner_streak" (
    "learner_id" UUID NOT NULL,
    "current_days" INTEGER NOT NULL,
    "longest_days" INTEGER NOT NULL,
    "last_active_on" DATE NOT NULL,
    CONSTRAINT "learner_streak_pkey" PRIMARY KEY ("learner_id")
);

-- Activity: a partition per month (UTC). The default partition takes what no month was prepared for, so that no write fails.
CREATE TABLE "activity" (
    "id" UUID NOT NULL,
    "learner_id" UUID NOT NULL,
    "kind" "activity_kind" NOT NULL,
    "course_id" UUID NOT NULL,
    "lesson_id" UUID,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "activity_pkey" PRIMARY KEY ("id", "occurred_at")
) PARTITION BY RANGE ("occurred_at");
CREATE INDEX "activity_learner_id_occurred_at_id_idx" ON "activity"("learner_id", "occurred_at" DESC, "id" DESC);
CREATE TABLE "activity_default" PARTITION OF "activity" DEFAULT;

-- Makes the partitions of `months` months from the month of `first_day` on; those that exist are left alone. Rows that
-- the default partition holds of a new month move into it. Returns how many were made. Concurrent callers take turns.
CREATE FUNCTION "ensure_activity_partitions"("first_day" DATE, "months" INTEGER) RETURNS INTEGER LANGUAGE plpgsql AS $$
DECLARE
    month_start TIMESTAMPTZ;
    month_end TIMESTAMPTZ;
    partition TEXT;
    made INTEGER := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('ensure_activity_partitions', 0));
    FOR i IN 0 .. months - 1 LOOP
        month_start := (date_trunc('month', first_day::TIMESTAMP) + make_interval(months => i)) AT TIME ZONE 'UTC';
        month_end := (date_trunc('month', first_day::TIMESTAMP) + make_interval(months => i + 1)) AT TIME ZONE 'UTC';
        partition := 'activity_' || to_char(month_start AT TIME ZONE 'UTC', 'YYYY_MM');
        CONTINUE WHEN to_regclass(quote_ident(partition)) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE activity INCLUDING DEFAULTS)', partition);
        EXECUTE format(
            'WITH moved AS (DELETE FROM activity_default WHERE occurred_at >= %L AND occurred_at < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
            month_start, month_end, partition);
        EXECUTE format('ALTER TABLE activity ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition, month_start, month_end);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

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
