-- Accounts, credentials and settings.
CREATE TYPE "theme" AS ENUM ('SYSTEM', 'LIGHT', 'DARK');

CREATE TABLE "user_account" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "bio" TEXT,
    "roles" TEXT[] NOT NULL DEFAULT ARRAY['LEARNER'],
    "is_instructor" BOOLEAN NOT NULL GENERATED ALWAYS AS ('INSTRUCTOR' = ANY ("roles")) STORED,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "user_account_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "user_account_roles" CHECK ("roles" <@ ARRAY['LEARNER', 'INSTRUCTOR', 'ADMIN'] AND 'LEARNER' = ANY ("roles"))
);
CREATE UNIQUE INDEX "user_account_email_key" ON "user_account"("email");
CREATE INDEX "user_account_is_instructor_created_at_id_idx" ON "user_account"("is_instructor", "created_at" DESC, "id" DESC);

CREATE TABLE "credential" (
    "user_id" UUID NOT NULL,
    "password_hash" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "credential_pkey" PRIMARY KEY ("user_id"),
    CONSTRAINT "credential_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user_account"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "preferences" (
    "user_id" UUID NOT NULL,
    "locale" TEXT NOT NULL DEFAULT 'en',
    "time_zone" TEXT NOT NULL DEFAULT 'UTC',
    "theme" "theme" NOT NULL DEFAULT 'SYSTEM',
    "weekly_email" BOOLEAN NOT NULL DEFAULT true,
    CONSTRAINT "preferences_pkey" PRIMARY KEY ("user_id"),
    CONSTRAINT "preferences_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user_account"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- Values that are unique across shards.
CREATE TABLE "directory_entry" (
    "kind" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "owner_id" UUID NOT NULL,
    "claimed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "confirmed_at" TIMESTAMPTZ(3),
    CONSTRAINT "directory_entry_pkey" PRIMARY KEY ("kind", "value")
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
