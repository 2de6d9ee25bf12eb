/**
 * Making, changing, publishing and withdrawing courses: who may, and what follows.
 */
import type { Viewer } from '@lyceum/contracts';
import { type Clock, forbidden, notFound, parseInput, unauthenticated } from '@lyceum/service-kit';
import type { CatalogueLoaders } from '../catalogue/catalogue.loaders.ts';
import { type Course, mayChange, maySee } from '../catalogue/course.ts';
import { CreateCourse, UpdateCourse } from './authoring.input.ts';
import type { AuthoringRepository, CourseChange } from './authoring.repository.ts';

export interface SlugTaken {
  readonly message: string;
}

export interface AuthoringService {
  create(input: unknown): Promise<Course | SlugTaken>;
  update(courseId: string, input: unknown): Promise<Course>;
  /** Publishing a published course changes nothing. `publishedAt` keeps the first time. */
  publish(courseId: string): Promise<Course>;
  withdraw(courseId: string): Promise<Course>;
}

export function createAuthoringService({
  repository,
  loaders,
  viewer,
  clock,
}: {
  repository: AuthoringRepository;
  loaders: CatalogueLoaders;
  viewer: Viewer | null;
  clock: Clock;
}): AuthoringService {
  const signedIn = (): Viewer => {
    if (viewer === null) throw unauthenticated();
    return viewer;
  };
  const change = async (courseId: string, decide: (course: Course) => CourseChange): Promise<Course> => {
    const author = signedIn();
    const course = await repository.change(courseId, (before) => {
      if (!maySee(author, before)) throw notFound('COURSE_NOT_FOUND');
      if (!mayChange(author, before)) throw forbidden('Only instructors of the course may change it.');
      return decide(before);
    });
    if (course === null) throw notFound('COURSE_NOT_FOUND');
    loaders.courseById.clear(courseId).prime(courseId, course);
    return course;
  };

  return {
    async create(input) {
      const author = signedIn();
      if (!author.roles.some((role) => role === 'INSTRUCTOR' || role === 'ADMIN')) {
        throw forbidden('Only instructors may make courses.');
      }
      const course = await repository.create({ ...parseInput(CreateCourse, input), instructorIds: [author.id] });
      return course ?? { message: 'The slug already names another course.' };
    },

    async update(courseId, input) {
      signedIn();
      const changes = parseInput(UpdateCourse, input);
      return change(courseId, () => changes);
    },

    publish: (courseId) =>
      change(courseId, (course) => ({ status: 'PUBLISHED', publishedAt: course.publishedAt ?? clock.now() })),

    withdraw: (courseId) => change(courseId, () => ({ status: 'DRAFT' })),
  };
}
