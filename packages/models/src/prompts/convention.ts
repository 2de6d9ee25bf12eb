/**
 * How a task and its material are put into chat messages, and read back from them.
 *
 * The system message opens with header lines (`task: quiz`, `question_count: 5`), then a blank line, then instructions in
 * prose. The user message holds the material in named sections (`<lesson_text>` … `</lesson_text>`). A language model
 * follows the prose; the embedded server, which understands no prose, reads the headers and sections. Both sides live
 * here, so that they cannot drift apart.
 */
import type { ChatMessage } from '../chat-model.ts';

export interface PromptParts {
  readonly headers: Readonly<Record<string, string | number>>;
  readonly instructions: string;
  readonly sections: Readonly<Record<string, string>>;
}

export function writePrompt(parts: PromptParts): ChatMessage[] {
  const headers = Object.entries(parts.headers).map(([name, value]) => `${name}: ${value}`);
  const names = Object.keys(parts.sections);
  const sections = Object.entries(parts.sections).map(
    ([name, text]) => `<${name}>\n${withoutSectionTags(text, names)}\n</${name}>`,
  );
  return [
    { role: 'system', content: `${headers.join('\n')}\n\n${parts.instructions}` },
    { role: 'user', content: sections.join('\n') },
  ];
}

/** Null if the messages do not open with a `task:` header. Unknown headers and sections are kept, not judged. */
export function readPrompt(
  messages: readonly ChatMessage[],
): ({ task: string } & Omit<PromptParts, 'instructions'>) | null {
  const system = messages.find((message) => message.role === 'system')?.content ?? '';
  const headers: Record<string, string> = {};
  for (const line of system.split('\n')) {
    const match = /^([a-z_]+): (.*)$/u.exec(line);
    if (!match) break;
    headers[match[1]!] = match[2]!.trim();
  }
  if (!headers.task) return null;
  const user = messages.findLast((message) => message.role === 'user')?.content ?? '';
  const sections: Record<string, string> = {};
  for (const [, name, text] of user.matchAll(/^<([a-z_]+)>\n([\s\S]*?)\n<\/\1>$/gmu)) sections[name!] = text!;
  return { task: headers.task, headers, sections };
}

/** Material cannot close its own section or open another: the angle bracket of such a tag becomes a look-alike. */
function withoutSectionTags(text: string, names: readonly string[]): string {
  return text.replace(new RegExp(`<(?=/?(?:${names.join('|')})>)`, 'gu'), '‹');
}
