/**
 * Panels drawn to SVG text, in this process and without a browser. The drawing library is a development dependency: where it is not
 * installed there is no renderer, and the report has tables only.
 */
import type { TopLevelSpec } from 'vega-lite';
import type { Panel } from './panel.js';
import { escapeHtml } from './table.js';

/** Draws a panel; `id` is unique in the page. */
export type Draw = (panel: Panel, id: string) => Promise<string>;

/** Undefined where vega and vega-lite are not installed. */
export async function createDraw(): Promise<Draw | undefined> {
  const libraries = await loadLibraries();
  if (libraries === undefined) return undefined;
  const { vega, vegaLite } = libraries;
  // What the compiler has to say (it warns about scales that are fixed on purpose) is nobody's business here.
  const logger = vega.logger(vega.None);
  return async (panel, id) => {
    const { spec } = vegaLite.compile(panel.spec as unknown as TopLevelSpec, { logger });
    const view = new vega.View(vega.parse(spec), { renderer: 'none', logger });
    try {
      return withWords(await view.toSVG(), panel, id);
    } finally {
      view.finalize();
    }
  };
}

async function loadLibraries(): Promise<
  { readonly vega: typeof import('vega'); readonly vegaLite: typeof import('vega-lite') } | undefined
> {
  try {
    return { vega: await import('vega'), vegaLite: await import('vega-lite') };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** The drawing as one image with a title and a description, for people who do not see it. */
function withWords(svg: string, words: { title: string; description: string }, id: string): string {
  const opening = /^<svg[^>]*>/.exec(svg)?.[0] ?? '';
  const size = / width="[^"]*" height="[^"]*" viewBox="[^"]*"/.exec(opening)?.[0] ?? '';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="${id}-t ${id}-d"${size}>`,
    `<title id="${id}-t">${escapeHtml(words.title)}</title>`,
    `<desc id="${id}-d">${escapeHtml(words.description)}</desc>`,
    svg.slice(opening.length).replaceAll(/ (?:role|aria-[a-z]+)="[^"]*"/g, ''),
  ].join('');
}
