export * from './ai-job.ts';
export * from './claims.ts';
export * from './define.ts';
export * from './envelope.ts';
export * from './events/ai-job-updated.event.ts';
export * from './events/course-published.event.ts';
export * from './events/progress-updated.event.ts';
export * from './jobs/ai.jobs.ts';
