/**
 * The door for programs that bring courses in: the document they make, the helpers they share, the service that writes it.
 */
export { htmlToText } from '../html/html-to-text.ts';
export { sanitizeHtml } from '../html/sanitize-html.ts';
export { readPublishedOutlines } from '../publication/publication.repository.ts';
export * from './document.ts';
export { createImportRepository } from './import.repository.ts';
export { createImportService, type ImportOptions, type ImportResult, type ImportService } from './import.service.ts';
export type { ItemKind } from './outline.ts';
export type { ChangeCounts } from './plan.ts';
