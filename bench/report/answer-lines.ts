/** Parts of a page in Markdown that the report and the findings have in common. */
import { type Answer, tableTitles } from './answers.js';
import { type ReportTable, tableMarkdown } from './table.js';

export function bullets(texts: readonly string[]): string[] {
  return texts.map((text) => `- ${text}`);
}

/** A table and an empty line; nothing where there is no table, or nothing in it. */
export function tableLines(one: ReportTable | undefined): string[] {
  return one === undefined || one.rows.length === 0 ? [] : [...tableMarkdown(one), ''];
}

/** A question, its short answer, and what it rests on. */
export function answerLines(answer: Answer): string[] {
  return [
    `## ${answer.question}. ${answer.asks}`,
    '',
    `**${answer.short}**`,
    '',
    ...bullets(answer.sentences),
    '',
    ...(answer.table === undefined || answer.table.rows.length === 0
      ? []
      : [`${tableTitles[answer.question]}:`, '', ...tableLines(answer.table)]),
  ];
}
