-- The outbox in lanes, so that several relays share the work of one database, and its dead letters beside it.
--
-- A lane holds the messages of many keys; all messages of a key are in one lane. Who sends from a lane has its row of
-- "outbox_lane" locked. Messages that wait stay: their lanes are computed as the column is added.

CREATE FUNCTION "outbox_lane_of"("name" TEXT, "key" TEXT) RETURNS INTEGER LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (hashtextextended("name" || ':' || "key", 0) & 15)::integer;

ALTER TABLE "outbox_message"
    ADD COLUMN "lane" INTEGER NOT NULL GENERATED ALWAYS AS ("outbox_lane_of"("name", "key")) STORED,
    ADD COLUMN "tries" INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN "next_try_at" TIMESTAMPTZ(3);
CREATE UNIQUE INDEX "outbox_message_lane_seq_key" ON "outbox_message"("lane", "seq");
DROP INDEX "outbox_message_seq_key";
-- Few rows: messages that were refused and are to be tried again. What is behind them under their keys waits.
CREATE INDEX "outbox_message_refused_idx" ON "outbox_message"("lane", "name", "key") WHERE "next_try_at" IS NOT NULL;

CREATE TABLE "outbox_lane" (
    "lane" INTEGER NOT NULL,
    "served_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "outbox_lane_pkey" PRIMARY KEY ("lane")
);
INSERT INTO "outbox_lane" ("lane") SELECT generate_series(0, 15);
-- Sixteen rows that change all the time.
ALTER TABLE "outbox_lane" SET (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE "outbox_dead_letter" (
    "id" UUID NOT NULL,
    "seq" BIGINT NOT NULL,
    "kind" "outbox_kind" NOT NULL,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "delivery" TEXT,
    "queue" TEXT,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "tries" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "died_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "outbox_dead_letter_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "outbox_dead_letter_died_at_id_idx" ON "outbox_dead_letter"("died_at" DESC, "id" DESC);
