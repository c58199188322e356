/**
 * Whether a report is what it should be, seen with a browser: it asks nobody for anything, shows every figure, and no label stands on
 * another or is cut off or illegible; on a light and on a dark ground, on a narrow window and on paper.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from './browser.js';
import { findLayoutFaults } from './layout.js';

interface View {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly scheme: 'light' | 'dark';
  readonly media: 'screen' | 'print';
}

const views: readonly View[] = [
  { name: 'light', width: 1280, height: 900, scheme: 'light', media: 'screen' },
  { name: 'dark', width: 1280, height: 900, scheme: 'dark', media: 'screen' },
  { name: 'narrow', width: 390, height: 844, scheme: 'light', media: 'screen' },
  { name: 'print', width: 720, height: 1000, scheme: 'dark', media: 'print' },
];

export interface CheckOptions {
  /** Screenshots go here, one a view: `PREFIX-light.png` …; of a long page `PREFIX-light-2.png` … have the rest. */
  readonly screenshotPrefix?: string;
}

/** Higher pictures than this cannot be drawn; longer pages have several. */
const pictureHeightMax = 16_000;
const loadTimeoutMs = 20_000;

class CheckedPage {
  readonly #browser: Browser;
  readonly #session: string;
  readonly requests: string[] = [];
  readonly #url: string;

  constructor(browser: Browser, session: string, url: string) {
    this.#browser = browser;
    this.#session = session;
    this.#url = url;
  }

  send(
    method: string,
    params: Readonly<Record<string, unknown>> = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    return this.#browser.send(method, params, this.#session);
  }

  /** Loads the page; every request but the one for the page itself is remembered, also one that its own policy refused. */
  async load(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const loaded = new Promise<void>((done, fail) => {
      timer = setTimeout(() => fail(new Error('the page was not loaded in time')), loadTimeoutMs);
      this.#browser.listen(({ method, params }) => {
        if (method === 'Page.loadEventFired') done();
        if (method === 'Network.requestWillBeSent') this.#note((params['request'] as { url?: string }).url);
        if (method === 'Log.entryAdded') {
          const { source, text } = params['entry'] as { source?: string; text?: string };
          if (source === 'security' || source === 'network') this.#note(text);
        }
      });
    });
    for (const domain of ['Page', 'Network', 'Log', 'Runtime']) await this.send(`${domain}.enable`);
    await this.send('Page.navigate', { url: this.#url });
    await loaded;
    clearTimeout(timer);
  }

  #note(url: string | undefined): void {
    if (url !== undefined && url !== this.#url && !url.startsWith('data:')) this.requests.push(url);
  }

  async show(view: View): Promise<void> {
    const { width, height, media, scheme } = view;
    await this.send('Emulation.setEmulatedMedia', {
      media,
      features: [{ name: 'prefers-color-scheme', value: scheme }],
    });
    await this.send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: false,
    });
  }

  async faults(): Promise<string[]> {
    const answer = await this.send('Runtime.evaluate', {
      expression: `(${findLayoutFaults.toString()})(window)`,
      returnByValue: true,
    });
    const { value } = answer['result'] as { value?: unknown };
    if (!Array.isArray(value))
      throw new Error(`the page did not say how it looks: ${JSON.stringify(answer)}`);
    return value.map(String);
  }

  /** `PREFIX.png`, and `PREFIX-2.png` … where the page is too long for one. */
  async screenshots(prefix: string): Promise<void> {
    const metrics = await this.send('Page.getLayoutMetrics');
    const { width, height } = metrics['cssContentSize'] as { width: number; height: number };
    mkdirSync(dirname(resolve(prefix)), { recursive: true });
    for (let y = 0, at = 1; y < height; y += pictureHeightMax, at++) {
      const clip = { x: 0, y, width, height: Math.min(height - y, pictureHeightMax), scale: 1 };
      const { data } = await this.send('Page.captureScreenshot', { captureBeyondViewport: true, clip });
      writeFileSync(`${prefix}${at === 1 ? '' : `-${at}`}.png`, Buffer.from(String(data), 'base64'));
    }
  }
}

/** What is wrong with a report, a sentence each; empty if nothing is. Throws if it cannot be opened. */
export async function checkReport(
  browser: Browser,
  file: string,
  options: CheckOptions = {},
): Promise<string[]> {
  const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
  const page = new CheckedPage(browser, String(sessionId), pathToFileURL(resolve(file)).href);
  const faults: string[] = [];
  try {
    await page.load();
    for (const view of views) {
      await page.show(view);
      for (const fault of await page.faults()) faults.push(`${view.name}: ${fault}`);
      if (options.screenshotPrefix !== undefined)
        await page.screenshots(`${options.screenshotPrefix}-${view.name}`);
    }
    for (const request of new Set(page.requests)) faults.push(`the page asks for something: ${request}`);
  } finally {
    await browser.send('Target.closeTarget', { targetId });
  }
  return faults;
}
