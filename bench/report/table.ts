/** A table of the report: written once, read as HTML, as Markdown and by whoever cannot see the figure above it. */

export interface Column {
  readonly title: string;
  /** Numbers stand at the right, words at the left. */
  readonly isNumber?: boolean;
}

export interface ReportTable {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  /** Strength of a cell's background, 0 to 1, by row and column; HTML only, because the number says the same. */
  readonly heat?: readonly (readonly (number | undefined)[])[];
  /** One sentence below it: what a mark in it means. */
  readonly note?: string;
}

/** Text for HTML, also inside of an attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** What stands between backquotes becomes code, everything else is text. */
export function inlineHtml(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function heatStyle(strength: number | undefined): string {
  if (strength === undefined) return '';
  return ` class="heat" style="--heat: ${(Math.max(0, Math.min(1, strength)) * 100).toFixed(0)}%"`;
}

/** The first column names the row. */
export function tableHtml(table: ReportTable, caption: string): string {
  const side = (at: number): string => (table.columns[at]?.isNumber === true ? ' class="number"' : '');
  const head = table.columns.map(({ title }, at) => `<th scope="col"${side(at)}>${inlineHtml(title)}</th>`);
  const rows = table.rows.map((row, line) => {
    const cells = row.map((text, at) => {
      if (at === 0) return `<th scope="row">${inlineHtml(text)}</th>`;
      return `<td${heatStyle(table.heat?.[line]?.[at]) || side(at)}>${inlineHtml(text)}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  return [
    '<div class="scroll" tabindex="0" role="region"',
    ` aria-label="${escapeHtml(caption)}"><table><caption>${inlineHtml(caption)}</caption>`,
    `<thead><tr>${head.join('')}</tr></thead>\n<tbody>\n${rows.join('\n')}\n</tbody></table></div>`,
    ...(table.note === undefined ? [] : [`<p class="quiet">${inlineHtml(table.note)}</p>`]),
  ].join('');
}

function markdownCell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll('\n', ' ')
    .replaceAll(/[\u00a0\u202f]/g, ' ');
}

export function tableMarkdown(table: ReportTable): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(markdownCell).join(' | ')} |`;
  return [
    line(table.columns.map(({ title }) => title)),
    line(table.columns.map(({ isNumber }) => (isNumber === true ? '---:' : '---'))),
    ...table.rows.map(line),
    ...(table.note === undefined ? [] : ['', table.note]),
  ];
}
