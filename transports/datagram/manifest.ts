/** What the datagram transport promises. */
import { readFileSync } from 'node:fs';
import { datagramMessageBytesMax, messageHandlesMax } from '../../broker/contract/limits.js';
import type { Manifest } from '../../broker/contract/transport.js';

/** Where the kernel says how many datagrams it keeps for a receiver: those of this number, and one more. */
const depthPath = '/proc/sys/net/unix/max_dgram_qlen';
/** The kernel's default, for where it cannot be read. */
const usualDepth = 10;

let depth: number | undefined;

function readDepth(): number {
  try {
    return Number.parseInt(readFileSync(depthPath, 'utf8'), 10) + 1;
  } catch {
    return usualDepth + 1;
  }
}

export const manifest: Manifest = {
  order: 'causal',
  multicast: 'loop',
  passesDescriptors: false,
  revocation: 'node',
  credentials: 'none',
  peerEnd: 'probe',
  /** Read when it is first asked for (sockets D6). */
  get queueDepth(): number {
    depth ??= readDepth();
    return depth;
  },
  messageBytesMax: datagramMessageBytesMax,
  handlesMax: messageHandlesMax,
  descriptorsMax: 0,
  crossHost: false,
  crossProcess: true,
};
