/**
 * The content of courses in the graph, from modules down to blocks.
 */
import type { Resolvers } from '../__generated__/resolver-types.ts';

export const contentResolvers: Resolvers = {
  Query: {
    lesson: (_, { id }, { services }) => services.content.lesson(id),
    problem: (_, { id }, { services }) => services.content.problem(id),
  },
  Course: {
    modules: async ({ id }, _, { loaders }) => (await loaders.modulesByCourse.load(id)) ?? [],
    lessons: ({ id }, args, { services }) => services.content.lessons(id, args),
  },
  Module: {
    __resolveReference: ({ id }, { services }) => services.content.module(id),
    course: (module, _, { services }) => services.content.courseOf(module),
    sections: async ({ id }, _, { loaders }) => (await loaders.sectionsByModule.load(id)) ?? [],
  },
  Section: {
    __resolveReference: ({ id }, { services }) => services.content.section(id),
    module: (section, _, { services }) => services.content.moduleOf(section),
    lessons: async ({ id }, _, { loaders }) => (await loaders.lessonsBySection.load(id)) ?? [],
  },
  Lesson: {
    __resolveReference: ({ id }, { services }) => services.content.lesson(id),
    course: (lesson, _, { services }) => services.content.courseOf(lesson),
    section: (lesson, _, { services }) => services.content.sectionOf(lesson),
    blocks: async ({ id }, _, { loaders }) => (await loaders.blocksByLesson.load(id)) ?? [],
    plainText: (lesson, _, { services }) => services.content.plainText(lesson),
  },
  Block: {
    __resolveType: ({ kind }) => TYPE_OF[kind],
  },
  TextBlock: {
    html: ({ body }) => body.html,
    text: ({ body }) => body.text,
  },
  VideoBlock: {
    url: ({ body }) => body.url,
    youtubeId: ({ body }) => body.youtubeId,
    durationSeconds: ({ body }) => body.durationSeconds,
  },
  ProblemBlock: {
    __resolveReference: ({ id }, { services }) => services.content.problem(id),
    kind: ({ body }) => body.problemKind,
    promptHtml: ({ body }) => body.promptHtml,
    prompt: ({ body }) => body.prompt,
    choices: ({ body }) => [...body.choices],
    hints: ({ body }) => [...body.hints],
    gradable: ({ body }) => body.gradable,
    lesson: (block, _, { services }) => services.content.lessonOf(block),
  },
};

const TYPE_OF = { TEXT: 'TextBlock', VIDEO: 'VideoBlock', PROBLEM: 'ProblemBlock' } as const;
