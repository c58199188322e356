/**
 * The report seen with headless Chromium: nothing is asked for, every figure is shown, no label stands on another. What the check is for is
 * planted in copies and must be found. Without Chromium (Debian: chromium) there is nothing to see with, and the test says so.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Browser, findBrowser } from '../../bench/report/browser.js';
import { checkReport } from '../../bench/report/check.js';
import { writeReport } from '../../bench/report/index.js';
import { projectDirectory } from '../../bench/scenarios/contenders.js';
import { syntheticResults } from './support/synthetic-results.js';

const seed = 23;

/** A browser for one test; undefined, with the reason in the log, where there is none. */
function openBrowser(t: ExecutionContext): Browser | undefined {
  const program = findBrowser();
  if (program === undefined) {
    t.log('skipped: there is no Chromium here (Debian: apt-get install chromium)');
    t.pass();
    return undefined;
  }
  const browser = new Browser(program);
  t.teardown(() => browser.close());
  return browser;
}

async function report(
  t: ExecutionContext,
  workloads?: readonly string[],
): Promise<{ directory: string; file: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-seen-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  await writeReport(
    syntheticResults({ seed, launches: 2, ...(workloads === undefined ? {} : { workloads }) }),
    directory,
  );
  return { directory, file: join(directory, 'report.html') };
}

test('a report of everything is seen as it should be: light, dark, narrow and on paper', async (t) => {
  t.timeout(180_000);
  t.log(`seed ${seed}`);
  const browser = openBrowser(t);
  if (browser === undefined) return;
  const { file } = await report(t);
  // Kept for people to look at; not part of the package.
  const shots = join(projectDirectory, 'build', 'screenshots');
  rmSync(shots, { recursive: true, force: true });
  t.deepEqual(await checkReport(browser, file, { screenshotPrefix: join(shots, 'report') }), []);
  const taken = readdirSync(shots).sort();
  const views = taken.filter((name) => !/-\d+\.png$/.test(name));
  t.deepEqual(views, ['report-dark.png', 'report-light.png', 'report-narrow.png', 'report-print.png']);
  t.true(taken.includes('report-narrow-2.png'), 'a page that is too long for one picture has several');
});

interface Planted {
  readonly fault: string;
  readonly change: (html: string) => string;
  readonly found: RegExp;
}

const label = (text: string, attributes: string): string => `<text ${attributes}>${text}</text></svg>`;

/** Each list is planted in one copy: no fault in it hides another, or is found in another's place. */
const planted: readonly (readonly Planted[])[] = [
  [
    {
      fault: 'a label on another',
      change: (html) => {
        const end = html.indexOf('</svg>');
        const [x, y] = [100, 60];
        const twice = `<text x="${x}" y="${y}">first</text>${label('second', `x="${x + 3}" y="${y + 3}"`)}`;
        return `${html.slice(0, end)}${twice}${html.slice(end + '</svg>'.length)}`;
      },
      found: /light: .*"first" and "second" overlap/,
    },
    {
      fault: 'a label that is cut off',
      change: (html) => html.replace('</svg>', label('outside', 'x="-90" y="40"')),
      found: /light: .*"outside" is cut off/,
    },
    {
      fault: 'a label that cannot be read on a dark ground',
      change: (html) => html.replace('</svg>', label('ink', 'x="5" y="12" fill="#111"')),
      found: /dark: .*"ink" can hardly be read/,
    },
    {
      fault: 'a picture from elsewhere, which the policy of the page refuses',
      change: (html) => html.replace('</main>', '<img src="http://example.invalid/a.png" alt=""></main>'),
      found: /the page asks for something: .*example\.invalid/,
    },
  ],
  [
    {
      fault: 'a picture from elsewhere in a page without a policy',
      change: (html) =>
        html
          .replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '')
          .replace('</main>', '<img src="http://example.invalid/b.png" alt=""></main>'),
      found: /the page asks for something: http:\/\/example\.invalid\/b\.png/,
    },
    {
      fault: 'a figure that is not shown',
      change: (html) => html.replace('<figure id="fan-out">', '<figure id="fan-out" style="display:none">'),
      found: /light: figure fan-out is not shown/,
    },
    {
      fault: 'a page that is too wide',
      change: (html) => html.replace('</main>', '<div style="width:3000px">wide</div></main>'),
      found: /narrow: the page is wider than the window/,
    },
  ],
];

test('what is planted is found', async (t) => {
  t.timeout(180_000);
  const browser = openBrowser(t);
  if (browser === undefined) return;
  const { directory, file } = await report(t, ['W4']);
  const html = readFileSync(file, 'utf8');
  t.deepEqual(await checkReport(browser, file), []);
  for (const faultsOfCopy of planted) {
    const copy = join(directory, 'planted.html');
    writeFileSync(
      copy,
      faultsOfCopy.reduce((text, { change }) => change(text), html),
    );
    const faults = await checkReport(browser, copy);
    for (const { fault, found } of faultsOfCopy) {
      t.true(
        faults.some((one) => found.test(one)),
        `${fault}: ${faults.join('; ')}`,
      );
    }
  }
});
