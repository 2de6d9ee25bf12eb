-- The fence looks at the bucket and no longer at the version alone: a writer with an older map is let in as long as this
-- shard serves the bucket by the newer one, so that a hand over of some buckets is not felt by writers of all others. It
-- still refuses (LY001) a writer with a newer map than this database's, and what lies on every shard (bucket 4096) is
-- written by the very same map, or a shard that joins would be left out.
DROP FUNCTION "enter_bucket"(INTEGER, INTEGER);
CREATE FUNCTION "enter_bucket"("bucket" INTEGER, "map_version" INTEGER, "shard" TEXT) RETURNS INTEGER LANGUAGE plpgsql AS $$
DECLARE
    known RECORD;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(20481, bucket);
    SELECT version, map->'ranges' AS ranges INTO known FROM shard_map;
    IF known.version <> map_version AND (
        known.version < map_version OR NOT EXISTS (
            SELECT FROM jsonb_array_elements(known.ranges) AS range
            WHERE range->>'shard' = shard AND bucket BETWEEN (range->>'from')::int AND (range->>'to')::int
        )
    ) THEN
        RAISE EXCEPTION 'bucket % is not to be written on % by version % of the shard map: this database has version %',
            bucket, shard, map_version, known.version USING ERRCODE = 'LY001';
    END IF;
    RETURN known.version;
END $$;
