/**
 * The broker of a soak, in a process of its own: a bus with a hub, which lets everybody who comes know everybody else.
 *
 *     node broker.js SOCKET
 */
import { closeSync, readdirSync } from 'node:fs';
import type { CapabilityNode, Server } from '../../../broker/contract/transport.js';
import { createParts, transportEntry } from '../../support/parts.js';
import { answerPrefix } from '../history.js';
import { type HeldHandle, Player } from '../player.js';
import { serveVerbs } from './child.js';
import { openNotebook } from './notebook.js';

const [path = ''] = process.argv.slice(2);
/** Contacts that a newcomer is told of. */
const contactsMax = 16;

let root: CapabilityNode | undefined;
const server: Server = await transportEntry('bus')
  .create(createParts())
  .serve({ path, root: () => () => root });

/** One round's hub: its nodes and handles come and go with it. */
class Hub {
  readonly player: Player;
  #contacts: HeldHandle[] = [];

  constructor(name: string, notes: string) {
    const close = (descriptors: readonly number[]): void => descriptors.forEach(closeSync);
    this.player = new Player(name, server.peer, openNotebook(notes, name), close);
    root = this.player.create().node;
    this.player.onMessage = (id) => this.#received(id);
  }

  /** Everybody begins by sending his node. */
  #received(id: string): void {
    const { player } = this;
    for (const reply of [...player.replies]) player.answer(reply);
    this.#contacts = this.#contacts.filter((held) => !held.isGone);
    const unknown = player.handles.filter((held) => !this.#contacts.includes(held));
    const newcomer = unknown.find(({ node }) => /^n1@/.test(node) && !this.#knows(node));
    if (newcomer !== undefined && !id.startsWith(answerPrefix)) this.#introduce(newcomer);
    for (const held of unknown) if (held !== newcomer) player.close(held);
    for (const held of player.handles.filter(({ isGone }) => isGone)) player.close(held);
  }

  #knows(node: string): boolean {
    return this.#contacts.some((held) => held.node === node);
  }

  #introduce(newcomer: HeldHandle): void {
    const others = this.#contacts.slice(-contactsMax);
    if (others.length > 0) {
      this.player.send(newcomer, others);
      this.player.multicast(others, [newcomer], { isPartial: true });
    }
    this.#contacts.push(newcomer);
  }
}

let hub: Hub | undefined;

serveVerbs({
  begin: (name, notes) => {
    hub = new Hub(String(name), String(notes));
  },
  peers: () => server.peers,
  settled: () => {
    hub?.player.notice();
    return hub?.player.pending === 0;
  },
  closeAll: () => {
    for (const held of hub?.player.handles ?? []) hub?.player.close(held);
  },
  end: () => {
    root = undefined;
    for (const own of hub?.player.nodes ?? []) hub?.player.destroy(own);
    hub?.player.end('closed', () => {});
    hub = undefined;
  },
  /** What the process has, after the garbage is collected. */
  report: async () => {
    for (let turn = 0; turn < 4; turn += 1) {
      globalThis.gc?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    const descriptors = readdirSync('/proc/self/fd').length;
    return { rss, heapUsed, arrayBuffers, descriptors, peers: server.peers, ...server.peer.usage() };
  },
});
