/**
 * JSON that is written already. Whoever sends it splices `json` in; whoever needs values parses it, as `JSON.stringify`
 * does by itself through `toJSON`.
 */
export class JsonText {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }

  toJSON(): unknown {
    return JSON.parse(this.json);
  }
}
