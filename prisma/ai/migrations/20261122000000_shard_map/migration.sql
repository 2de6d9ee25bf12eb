-- The shard map as this database knows it. Versions only grow; 0 means that nobody has told it one yet.
CREATE TABLE "shard_map" (
    "only" BOOLEAN NOT NULL DEFAULT true,
    "version" INTEGER NOT NULL,
    "map" JSONB NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "shard_map_pkey" PRIMARY KEY ("only"),
    CONSTRAINT "shard_map_one_row" CHECK ("only")
);
INSERT INTO "shard_map" ("version", "map") VALUES (0, '{}');

-- The first statement of every transaction that writes. Holds off a move of the bucket until the transaction ends, waits
-- while the bucket is frozen, and refuses (LY001) a writer whose map is another one than this database's. The map is read
-- by a statement of its own, whose snapshot is younger than the lock. Bucket 4096 stands for what lies on every shard.
CREATE FUNCTION "enter_bucket"("bucket" INTEGER, "map_version" INTEGER) RETURNS INTEGER LANGUAGE plpgsql AS $$
DECLARE
    known INTEGER;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(20481, bucket);
    SELECT version INTO known FROM shard_map;
    IF known <> map_version THEN
        RAISE EXCEPTION 'the shard map of this database has version %, the writer''s %', known, map_version
            USING ERRCODE = 'LY001';
    END IF;
    RETURN known;
END $$;

-- The bucket in an id (bits 52 to 63). Row filters and indexes name the expression itself.
CREATE FUNCTION "bucket_of"("id" UUID) RETURNS INTEGER LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ((get_byte(uuid_send(id), 6) & 15) << 8) | get_byte(uuid_send(id), 7);

-- Moves of buckets to another shard, one at a time, kept on the first shard: what a mover that was killed goes on from.
CREATE TABLE "shard_move" (
    "id" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "plan" JSONB NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    CONSTRAINT "shard_move_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "shard_move_running" ON "shard_move" ((true)) WHERE "finished_at" IS NULL;

-- Written by a mover into the stream of changes: once it shows on the other side, so does all that came before it.
CREATE TABLE "shard_move_marker" (
    "move_id" UUID NOT NULL,
    "source" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    CONSTRAINT "shard_move_marker_pkey" PRIMARY KEY ("move_id", "source", "number")
);
