/**
 * What is wrong with an export, and where: the message begins with the file and, if known, the line.
 */
export class OlxError extends Error {
  readonly file: string;
  readonly line: number | null;

  constructor(file: string, line: number | null, reason: string) {
    super(`${file}${line === null ? '' : `:${line}`}: ${reason}`);
    this.name = 'OlxError';
    this.file = file;
    this.line = line;
  }
}
