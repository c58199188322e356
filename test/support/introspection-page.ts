/**
 * The examples of docs/introspection.md: a manager with the service and the two programs that the page speaks of, and what the
 * commands print then.
 */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { startCapstan, type TestManager } from './capstan.js';
import { eventually } from './eventually.js';

export const pagePath = fileURLToPath(new URL('../../../docs/introspection.md', import.meta.url));

/** What the manager of the page runs. */
export const exampleServices = {
  boot: 'type = internal\nwaits-for = web\n',
  web: 'type = process\ncommand = sleep 1000\n',
};

/** A block of the page that begins with a command line, and what is below it. */
const block = /^```\n\$ capstan ([^\n]*)\n([\s\S]*?)^```$/gm;

export function readPage(): string {
  return readFileSync(pagePath, 'utf8');
}

/** The page with what the commands print. */
export async function record(page: string, manager: TestManager): Promise<string> {
  const followers = ['sockets', 'bus'].map((transport) =>
    startCapstan(['--socket', manager.socket, '--transport', transport, 'events', 'web']),
  );
  try {
    await eventually('both programs follow', async () => {
      const held = await manager.json('handles', '--node', 'events');
      return held.length === followers.length;
    });
    const outputs: string[] = [];
    for (const [, command = ''] of page.matchAll(block)) {
      const args = command.split(' ');
      outputs.push(
        args[0] === 'monitor' ? await monitored(manager, args) : (await manager.command(...args)).stdout,
      );
    }
    return page.replace(
      block,
      (_, command: string) => `\`\`\`\n$ capstan ${command}\n${outputs.shift() ?? ''}\`\`\``,
    );
  } finally {
    for (const follower of followers) follower.child.kill('SIGTERM');
    await Promise.all(followers.map((follower) => follower.ended));
  }
}

async function monitored(manager: TestManager, args: readonly string[]): Promise<string> {
  const monitor = startCapstan(['--socket', manager.socket, ...args]);
  try {
    await eventually('the monitor is open', async () => {
      const [measures] = await manager.json('metrics');
      return measures?.['monitors'] === 1;
    });
    await manager.command('--transport', 'bus', 'status', 'web');
    await eventually('the last item', () => monitor.stdout().includes('node-unused'));
    return monitor.stdout();
  } finally {
    monitor.child.kill('SIGTERM');
    await monitor.ended;
  }
}

/** The page without what differs from run to run: numbers, names of the user and of the program, widths. */
export function normalised(page: string): string {
  const { username } = userInfo();
  return page
    .replace(block, (text) =>
      text
        .replaceAll(new RegExp(`\\b${username}\\b`, 'g'), 'USER')
        .replaceAll(/\broot\b/g, 'USER')
        .replaceAll(/mode="(user|system)"/g, 'mode="MODE"')
        .replaceAll(/version="[^"]*"/g, 'version="VERSION"')
        // How long something took or is, and how much.
        .replaceAll(/\d+(\.\d+)?(e[+-]?\d+)?/g, '0')
        .replaceAll(/\b(used once|not used|used 0 times)\b/g, 'used')
        .replaceAll(/[ \t]+/g, ' ')
        .replaceAll(/, 0 descriptors?|\b0 descriptors?/g, ''),
    )
    .replaceAll(/[ \t]+$/gm, '');
}
