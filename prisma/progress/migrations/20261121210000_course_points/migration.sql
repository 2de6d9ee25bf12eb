-- What learners have earned in courses: a row for each day and ISO week with points (UTC), and one for all time. `score`
-- holds the points in the high bits and, in the low 32, the seconds until 2106 from when they were reached: of two
-- learners with as many points the one who had them first stands above.
CREATE TABLE "course_points" (
    "learner_id" UUID NOT NULL,
    "course_id" UUID NOT NULL,
    "period" TEXT NOT NULL,
    "points" INTEGER NOT NULL,
    "score" BIGINT NOT NULL,
    CONSTRAINT "course_points_pkey" PRIMARY KEY ("learner_id", "course_id", "period"),
    CONSTRAINT "course_points_score" CHECK ("points" > 0 AND "score" >> 32 = "points")
);
CREATE INDEX "course_points_course_id_period_score_learner_id_idx" ON "course_points"("course_id", "period", "score" DESC, "learner_id" DESC);

-- Counts the points of learners anew from what they did. For rows that came in without points: those that were there
-- before this table, and seeded ones. Rows are only raised: changes of the same moment stay. The rules are those of
-- leaderboard/points.ts in the progress subgraph.
CREATE FUNCTION "count_course_points"("learners" UUID[]) RETURNS VOID LANGUAGE sql AS $$
    WITH award AS (
        SELECT learner_id, course_id, completed_at AS at, 10 AS points
        FROM lesson_progress WHERE completed_at IS NOT NULL AND learner_id = ANY(learners)
        UNION ALL
        SELECT learner_id, course_id, min(submitted_at), 5
        FROM problem_attempt WHERE correct AND learner_id = ANY(learners)
        GROUP BY learner_id, course_id, problem_id
        UNION ALL
        SELECT learner_id, course_id, completed_at, 50
        FROM enrollment WHERE completed_at IS NOT NULL AND learner_id = ANY(learners)
    ), total AS (
        SELECT learner_id, course_id, period, least(sum(points), 2097151) AS points, max(at) AS reached_at
        FROM award CROSS JOIN LATERAL (VALUES
            (to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD')),
            (to_char(at AT TIME ZONE 'UTC', 'IYYY-"W"IW')),
            ('all')
        ) AS within(period)
        GROUP BY learner_id, course_id, period
    )
    INSERT INTO course_points (learner_id, course_id, period, points, score)
    SELECT learner_id, course_id, period, points::int,
        (points::bigint << 32) + 4294967295 - floor(extract(epoch FROM reached_at))::bigint
    FROM total
    ON CONFLICT (learner_id, course_id, period) DO UPDATE SET points = EXCLUDED.points, score = EXCLUDED.score
    WHERE course_points.score < EXCLUDED.score
$$;
SELECT "count_course_points"(coalesce(array_agg(DISTINCT "learner_id"), '{}')) FROM "enrollment";
