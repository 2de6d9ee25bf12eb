-- What people are told.
CREATE TYPE "notification_kind" AS ENUM ('COURSE_COMPLETED', 'AI_JOB_FINISHED');

CREATE TABLE "notification" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "kind" "notification_kind" NOT NULL,
    "course_id" UUID,
    "ai_job_id" UUID,
    "cause_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "read_at" TIMESTAMPTZ(3),
    CONSTRAINT "notification_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "notification_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user_account"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "notification_cause_id_key" ON "notification"("cause_id");
CREATE INDEX "notification_user_id_id_idx" ON "notification"("user_id", "id" DESC);
CREATE INDEX "notification_unread_idx" ON "notification"("user_id", "id" DESC) WHERE "read_at" IS NULL;
