/** Links between documents lead somewhere, and every document can be reached from README. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import test from 'ava';
import { projectRoot, type SourceFile, sourceFiles } from '../support/source-tree.js';

const pages = sourceFiles(['.'], ['.md']);

/** Relative targets of a page's links, as project paths; what stands in code blocks is no link. */
function linksOf(page: SourceFile): string[] {
  const prose = page.text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.split('#')[0] ?? '')
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
    .map((target) => normalize(join(dirname(page.path), target)));
}

test('every relative link leads to a file', (t) => {
  t.true(pages.length > 15);
  const broken = pages.flatMap((page) =>
    linksOf(page)
      .filter((target) => !existsSync(join(projectRoot, target)))
      .map((target) => `${page.path}: ${target}`),
  );
  t.deepEqual(broken, []);
});

test('every page below docs/ is linked from another page, or its folder is', (t) => {
  const linked = new Set(pages.flatMap(linksOf).map((target) => target.replace(/\/$/, '')));
  const lonely = pages
    .map((page) => page.path)
    .filter((path) => path.startsWith('docs/') && !linked.has(path) && !linked.has(dirname(path)));
  t.deepEqual(lonely, []);
});
