-- The catalogue and the content of courses.
CREATE TYPE "course_status" AS ENUM ('DRAFT', 'PUBLISHED');
CREATE TYPE "course_level" AS ENUM ('BEGINNER', 'INTERMEDIATE', 'ADVANCED');
CREATE TYPE "block_kind" AS ENUM ('TEXT', 'VIDEO', 'PROBLEM');

-- Immutable for text arrays (array_to_string is only stable, because other element types depend on settings).
CREATE FUNCTION "course_search"("title" TEXT, "tags" TEXT[], "summary" TEXT, "description" TEXT) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT setweight(to_tsvector('pg_catalog.english', title), 'A')
        || setweight(to_tsvector('pg_catalog.english', array_to_string(tags, ' ')), 'B')
        || setweight(to_tsvector('pg_catalog.english', summary), 'C')
        || setweight(to_tsvector('pg_catalog.english', description), 'D')
$$;

CREATE TABLE "course" (
    "id" UUID NOT NULL,
    "slug" TEXT NOT NULL,
    "external_key" TEXT,
    "content_hash" TEXT,
    "title" TEXT NOT NULL,
    "title_key" TEXT COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower("title")) STORED,
    "summary" TEXT NOT NULL DEFAULT '',
    "description" TEXT NOT NULL DEFAULT '',
    "language" TEXT NOT NULL DEFAULT 'en',
    "level" "course_level" NOT NULL DEFAULT 'BEGINNER',
    "tags" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "status" "course_status" NOT NULL DEFAULT 'DRAFT',
    "revision" INTEGER NOT NULL DEFAULT 1,
    "instructor_ids" UUID[] NOT NULL DEFAULT ARRAY[]::UUID[],
    "module_count" INTEGER NOT NULL DEFAULT 0,
    "section_count" INTEGER NOT NULL DEFAULT 0,
    "lesson_count" INTEGER NOT NULL DEFAULT 0,
    "text_block_count" INTEGER NOT NULL DEFAULT 0,
    "video_block_count" INTEGER NOT NULL DEFAULT 0,
    "problem_block_count" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "published_at" TIMESTAMPTZ(3),
    "search" tsvector GENERATED ALWAYS AS ("course_search"("title", "tags", "summary", "description")) STORED,
    CONSTRAINT "course_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "course_slug_key" ON "course"("slug");
CREATE UNIQUE INDEX "course_external_key_key" ON "course"("external_key");
CREATE INDEX "course_status_published_at_id_idx" ON "course"("status", "published_at" DESC, "id" DESC);
CREATE INDEX "course_status_title_key_id_idx" ON "course"("status", "title_key", "id");
CREATE INDEX "course_instructor_ids_idx" ON "course" USING GIN ("instructor_ids");
CREATE INDEX "course_tags_idx" ON "course" USING GIN ("tags");
CREATE INDEX "course_search_idx" ON "course" USING GIN ("search");

CREATE TABLE "module" (
    "id" UUID NOT NULL,
    "course_id" UUID NOT NULL,
    "title" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "external_key" TEXT,
    "content_hash" TEXT,
    CONSTRAINT "module_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "module_course_id_fkey" FOREIGN KEY ("course_id") REFERENCES "course"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "module_course_id_external_key_key" ON "module"("course_id", "external_key");
CREATE INDEX "module_course_id_position_idx" ON "module"("course_id", "position");

CREATE TABLE "section" (
    "id" UUID NOT NULL,
    "course_id" UUID NOT NULL,
    "module_id" UUID NOT NULL,
    "title" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "external_key" TEXT,
    "content_hash" TEXT,
    CONSTRAINT "section_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "section_course_id_fkey" FOREIGN KEY ("course_id") REFERENCES "course"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "section_module_id_fkey" FOREIGN KEY ("module_id") REFERENCES "module"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "section_course_id_external_key_key" ON "section"("course_id", "external_key");
CREATE INDEX "section_course_id_position_idx" ON "section"("course_id", "position");
CREATE INDEX "section_module_id_position_idx" ON "section"("module_id", "position");

CREATE TABLE "lesson" (
    "id" UUID NOT NULL,
    "course_id" UUID NOT NULL,
    "section_id" UUID NOT NULL,
    "title" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "external_key" TEXT,
    "content_hash" TEXT,
    CONSTRAINT "lesson_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "lesson_course_id_fkey" FOREIGN KEY ("course_id") REFERENCES "course"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "lesson_section_id_fkey" FOREIGN KEY ("section_id") REFERENCES "section"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "lesson_course_id_external_key_key" ON "lesson"("course_id", "external_key");
CREATE INDEX "lesson_course_id_position_id_idx" ON "lesson"("course_id", "position", "id");
CREATE INDEX "lesson_section_id_position_idx" ON "lesson"("section_id", "position");

CREATE TABLE "block" (
    "id" UUID NOT NULL,
    "course_id" UUID NOT NULL,
    "lesson_id" UUID NOT NULL,
    "kind" "block_kind" NOT NULL,
    "title" TEXT NOT NULL DEFAULT '',
    "body" JSONB NOT NULL,
    "grading" JSONB,
    "position" INTEGER NOT NULL,
    "external_key" TEXT,
    "content_hash" TEXT,
    CONSTRAINT "block_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "block_course_id_fkey" FOREIGN KEY ("course_id") REFERENCES "course"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "block_lesson_id_fkey" FOREIGN KEY ("lesson_id") REFERENCES "lesson"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "block_course_id_external_key_key" ON "block"("course_id", "external_key");
CREATE INDEX "block_lesson_id_position_idx" ON "block"("lesson_id", "position");

-- The bucket that is being filled, and how many courses it was given; used on the shard of bucket 0 only.
CREATE TABLE "bucket_allocator" (
    "name" TEXT NOT NULL,
    "bucket" INTEGER NOT NULL,
    "used" INTEGER NOT NULL,
    CONSTRAINT "bucket_allocator_pkey" PRIMARY KEY ("name")
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
