/**
 * What a resolver is given: the viewer, and services and loaders made for this one request.
 *
 * Made afresh for each request, so that no row one viewer may see is handed to another.
 */
import type { BaseContext, ContextSource } from '@lyceum/subgraph-kit';
import { createAuthoringRepository } from './authoring/authoring.repository.ts';
import { type AuthoringService, createAuthoringService } from './authoring/authoring.service.ts';
import { type CatalogueLoaders, createCatalogueLoaders } from './catalogue/catalogue.loaders.ts';
import { createCatalogueRepository } from './catalogue/catalogue.repository.ts';
import { type CatalogueService, createCatalogueService } from './catalogue/catalogue.service.ts';
import { type ContentLoaders, createContentLoaders } from './content/content.loaders.ts';
import { createContentRepository } from './content/content.repository.ts';
import { type ContentService, createContentService } from './content/content.service.ts';
import type { Resources } from './resources.ts';

export interface CoursesContext extends BaseContext {
  readonly services: {
    readonly catalogue: CatalogueService;
    readonly content: ContentService;
    readonly authoring: AuthoringService;
  };
  readonly loaders: CatalogueLoaders & ContentLoaders;
}

export function createContext({ database, clock }: Resources, source: ContextSource): CoursesContext {
  const { viewer, positions } = source;
  const session = database.session(viewer?.id ?? null, positions);
  const courses = createCatalogueRepository(session, database.directory);
  const loaders = {
    ...createCatalogueLoaders(courses, viewer),
    ...createContentLoaders(createContentRepository(session)),
  };
  const authoring = createAuthoringRepository(database, session);
  return {
    ...source,
    services: {
      catalogue: createCatalogueService(courses, loaders, viewer),
      content: createContentService(loaders),
      authoring: createAuthoringService({ repository: authoring, loaders, viewer, clock }),
    },
    loaders,
  };
}
