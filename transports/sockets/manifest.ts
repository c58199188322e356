/** What the sockets transport promises. */
import { messageBytesMax, messageDescriptorsMax, messageHandlesMax } from '../../broker/contract/limits.js';
import type { Manifest } from '../../broker/contract/transport.js';

export const manifest: Manifest = {
  order: 'per-handle',
  multicast: 'loop',
  passesDescriptors: true,
  revocation: 'holder',
  credentials: 'kernel',
  peerEnd: 'event',
  messageBytesMax,
  handlesMax: messageHandlesMax,
  descriptorsMax: messageDescriptorsMax,
  crossHost: false,
  crossProcess: true,
};
