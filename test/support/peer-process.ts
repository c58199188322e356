/**
 * A peer in a process of its own, which a test can stop and kill. The program does what its parent says over the IPC channel:
 * `{ id, verb, args }` is answered with `{ id, value }` or `{ id, code, text }`. `peer-child.ts` is the other end.
 *
 *     node peer-process.js TRANSPORT
 */
import { closeSync } from 'node:fs';
import { BrokerError, ErrorCode, hasCode } from '../../broker/contract/errors.js';
import type {
  CapabilityNode,
  Delivery,
  Handle,
  Peer,
  Server,
  Session,
} from '../../broker/contract/transport.js';
import { createDoor, type Door, dial } from '../../transports/sockets/index.js';
import { bytesOf, textOf } from './collector.js';
import { drop, exchangeAsRoot, put, take } from './exchange.js';
import { createParts, transportEntry } from './parts.js';

interface Request {
  readonly id: number;
  readonly verb: string;
  readonly args: readonly (string | number)[];
}

/** What a node of this program does with a message, beside keeping its text. */
type Behaviour = 'echo' | 'hold' | 'keep' | 'drop-reply' | 'count';

interface Kept {
  node: CapabilityNode | undefined;
  readonly texts: string[];
  readonly senders: unknown[];
  readonly held: Delivery[];
  unusedCount: number;
}

const parts = createParts();
const transport = transportEntry(process.argv[2] ?? '').create(parts);
const nodes = new Map<string, Kept>();
const handles = new Map<string, Handle>();
/** On `sockets`. */
const doors = new Map<string, Door>();
/** How calls ended that were started and not waited for, and what was refused to who persists. */
const outcomes: string[] = [];
let session: Session | undefined;
let server: Server | undefined;

function known<T>(what: string, value: T | undefined): T {
  if (value === undefined) throw new Error(`this peer process has no ${what}`);
  return value;
}

function peer(): Peer {
  return known('connection', session).peer;
}

function createNode(name: string, behaviour: Behaviour): void {
  const kept: Kept = { node: undefined, texts: [], senders: [], held: [], unusedCount: 0 };
  kept.node = peer().createNode(
    {
      message: (delivery) => {
        const { descriptors } = delivery;
        // `count` notes how many descriptors came, and closes them.
        kept.texts.push(
          textOf(delivery.bytes).trimEnd() + (behaviour === 'count' ? ` ${descriptors.length}` : ''),
        );
        if (behaviour === 'count') for (const descriptor of descriptors) closeSync(descriptor);
        kept.senders.push(delivery.sender.credentials);
        if (behaviour === 'echo') delivery.reply?.send({ bytes: delivery.bytes });
        if (behaviour === 'drop-reply') delivery.reply?.close();
        if (behaviour === 'hold') kept.held.push(delivery);
      },
      unused: () => {
        kept.unusedCount += 1;
      },
    },
    { credentials: true },
  );
  nodes.set(name, kept);
}

function kept(name: string): Kept {
  return known(`node ${name}`, nodes.get(name));
}

function handle(name: string): Handle {
  return known(`handle ${name}`, handles.get(name));
}

function root(): Handle {
  return known('connection', session).root;
}

function padded(text: string, size: string | number | undefined): Uint8Array {
  return bytesOf(text.padEnd(Number(size ?? 0)));
}

const verbs: Record<string, (...args: string[]) => unknown> = {
  become: (gid, uid) => {
    process.setgid?.(Number(gid));
    process.setuid?.(Number(uid));
  },
  connect: async (path = '') => {
    session = await transport.connect({ path });
  },
  serve: async (path = '') => {
    server = await transport.serve({
      path,
      root: exchangeAsRoot,
    });
  },
  stopServing: () => known('server', server).close(),
  node: (name = '', behaviour = 'keep') => createNode(name, behaviour as Behaviour),
  destroy: (name = '') => known('node', kept(name).node).destroy(),
  put: (name = '', under = name) => put(root(), under, known('node', kept(name).node)),
  take: async (name = '') => {
    handles.set(name, await take(root(), name));
  },
  drop: (name = '') => drop(root(), name),
  send: (name = '', text = '', size = '0') => handle(name).send({ bytes: padded(text, size) }),
  /** Sends a handle over another. */
  give: (name = '', what = '') => handle(name).send({ bytes: bytesOf(what), handles: [handle(what)] }),
  /** Sends the descriptor of a door to an own node. */
  giveDoor: (to = '', name = '') => {
    const door = doors.get(name) ?? createDoor(peer(), known('node', kept(name).node));
    doors.set(name, door);
    return handle(to).send({ bytes: bytesOf(name), descriptors: [door.share()] });
  },
  closeDoor: (name = '') => known('door', doors.get(name)).close(),
  /** Dials the descriptor that came with the first message that a node has kept. */
  dial: async (node = '', name = '') => {
    const [descriptor] = known('delivery', kept(node).held[0]).descriptors;
    handles.set(name, await dial(peer(), known('descriptor', descriptor)));
  },
  call: async (name = '', text = '') => textOf((await handle(name).call({ bytes: bytesOf(text) })).bytes),
  /** Starts calls and says nothing about their end. */
  startCalls: (name = '', count = '1', size = '0') => {
    for (let at = 0; at < Number(count); at += 1) {
      handle(name)
        .call({ bytes: padded(`${at}`, size) })
        .then(
          ({ bytes }) => outcomes.push(`answer of ${bytes.byteLength}`),
          (error: unknown) => outcomes.push(error instanceof BrokerError ? error.codeName : String(error)),
        );
    }
  },
  /** Sends until it is refused for want of room; how much was accepted, and why no more. */
  fill: async (name = '', size = '0', most = '1000000') => {
    for (let accepted = 0; accepted < Number(most); accepted += 1) {
      try {
        await handle(name).send({ bytes: padded('', size) });
      } catch (error) {
        if (!hasCode(error, ErrorCode.OverQuota)) throw error;
        return { accepted, quota: error.quota, message: error.message };
      }
    }
    return { accepted: Number(most) };
  },
  /** Sends so many, and tries again only when it is told to; how often it was told. Each refusal is among the outcomes. */
  persist: async (name = '', count = '1', size = '0') => {
    let tellings = 0;
    for (let sent = 0; sent < Number(count); ) {
      try {
        await handle(name).send({ bytes: padded(`${sent}`, size) });
        sent += 1;
      } catch (error) {
        if (!hasCode(error, ErrorCode.OverQuota)) throw error;
        outcomes.push('refused');
        await handle(name).writable();
        tellings += 1;
      }
    }
    return tellings;
  },
  /** Sends as fast as it can until it is killed. */
  flood: (name = '', size = '1000') => {
    const target = handle(name);
    const send = async (): Promise<void> => {
      for (let at = 0; !target.isGone; at += 1) {
        await target.send({ bytes: padded(`${at}`, size) }).catch(() => target.writable());
        if (at % 16 === 15) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    void send();
  },
  /** Multicasts to these handles, one after the other, without waiting in between. */
  multicast: async (prefix = '', count = '1', ...names) => {
    const destinations = names.map(handle);
    const results = Array.from({ length: Number(count) }, (_, at) =>
      peer().multicast(destinations, { bytes: bytesOf(`${prefix}${at}`) }),
    );
    await Promise.all(results);
  },
  gone: (name = '') => handle(name).gone,
  close: (name = '') => handle(name).close(),
  texts: (name = '') => kept(name).texts,
  senders: (name = '') => kept(name).senders,
  unused: (name = '') => kept(name).unusedCount,
  outcomes: () => outcomes,
  usage: () => peer().usage(),
  closePeer: () => peer().close(),
};

async function serveRequest({ id, verb, args }: Request): Promise<void> {
  try {
    const body = known(`verb ${verb}`, verbs[verb]);
    const value = await body(...args.map(String));
    // The parent may stop or kill this process as soon as it has the answer: what was sent is the kernel's by then.
    parts.loop.flush();
    process.send?.({ id, value: value ?? null });
  } catch (error) {
    const code = error instanceof BrokerError ? error.code : ErrorCode.System;
    process.send?.({ id, code, text: String(error) });
  }
}

process.on('message', (request) => void serveRequest(request as Request));
// Without a parent there is nobody to work for.
process.on('disconnect', () => process.exit(0));
process.send?.({ id: 0, value: 'ready' });
