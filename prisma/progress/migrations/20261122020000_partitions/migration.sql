-- Makes the partitions of `months` months from the month of `first_day` on, for a table that is partitioned by range over
-- a point in time and has a default partition. Months that exist are left alone, also when they were detached: their rows
-- of old would come back. Rows that the default partition holds of a new month move into it, by way of the parent: a move
-- of buckets sees them leave and come back, not leave alone. Returns how many were made. Concurrent callers take turns.
CREATE FUNCTION "ensure_month_partitions"("parent" TEXT, "first_day" DATE, "months" INTEGER) RETURNS INTEGER LANGUAGE plpgsql AS $$
DECLARE
    key_column NAME;
    default_partition REGCLASS;
    month_start TIMESTAMPTZ;
    month_end TIMESTAMPTZ;
    partition TEXT;
    has_rows BOOLEAN;
    made INTEGER := 0;
BEGIN
    SELECT a.attname, p.partdefid::regclass INTO STRICT key_column, default_partition
    FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
    WHERE p.partrelid = quote_ident(parent)::regclass;
    PERFORM pg_advisory_xact_lock(hashtextextended('ensure_month_partitions:' || parent, 0));
    FOR i IN 0 .. months - 1 LOOP
        month_start := (date_trunc('month', first_day::TIMESTAMP) + make_interval(months => i)) AT TIME ZONE 'UTC';
        month_end := (date_trunc('month', first_day::TIMESTAMP) + make_interval(months => i + 1)) AT TIME ZONE 'UTC';
        partition := parent || '_' || to_char(month_start AT TIME ZONE 'UTC', 'YYYY_MM');
        CONTINUE WHEN to_regclass(quote_ident(partition)) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED)', partition, parent);
        EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE %I >= %L AND %I < %L)',
            default_partition, key_column, month_start, key_column, month_end) INTO has_rows;
        IF has_rows THEN
            EXECUTE format('CREATE TEMPORARY TABLE month_of_default (LIKE %I)', parent);
            EXECUTE format(
                'WITH moved AS (DELETE FROM %s WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO month_of_default SELECT * FROM moved',
                default_partition, key_column, month_start, key_column, month_end);
        END IF;
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, partition, month_start, month_end);
        IF has_rows THEN
            EXECUTE format('INSERT INTO %I SELECT * FROM month_of_default', parent);
            DROP TABLE month_of_default;
        END IF;
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

-- For processes of the release before, which ask under this name.
CREATE OR REPLACE FUNCTION "ensure_activity_partitions"("first_day" DATE, "months" INTEGER) RETURNS INTEGER LANGUAGE sql AS $$
    SELECT ensure_month_partitions('activity', first_day, months)
$$;
