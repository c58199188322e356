/**
 * `npm run bench:check-report -- FILE [SCREENSHOT-PREFIX]`: opens a report in headless Chromium and says what is wrong with it (check.ts).
 * Exit status: 0 nothing is, 1 something is, 2 wrong usage, 3 there is no Chromium here.
 */
import { existsSync } from 'node:fs';
import { Browser, findBrowser } from './browser.js';
import { checkReport } from './check.js';

async function main(file: string | undefined, screenshotPrefix: string | undefined): Promise<number> {
  if (file === undefined) {
    console.error('usage: npm run bench:check-report -- FILE [SCREENSHOT-PREFIX]');
    return 2;
  }
  if (!existsSync(file)) {
    console.error(`bench:check-report: there is no file ${file}`);
    return 2;
  }
  const program = findBrowser();
  if (program === undefined) {
    console.error('there is no Chromium here; Debian has it in the package chromium');
    return 3;
  }
  const browser = new Browser(program);
  try {
    const faults = await checkReport(
      browser,
      file,
      screenshotPrefix === undefined ? {} : { screenshotPrefix },
    );
    for (const fault of faults) console.error(fault);
    console.log(faults.length === 0 ? `${file}: nothing wrong` : `${file}: ${faults.length} faults`);
    return faults.length === 0 ? 0 : 1;
  } finally {
    await browser.close();
  }
}

const [file, screenshotPrefix] = process.argv.slice(2);
process.exitCode = await main(file, screenshotPrefix);
