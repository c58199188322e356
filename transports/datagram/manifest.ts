/** What the datagram transport promises. */
import { datagramMessageBytesMax, messageHandlesMax } from '../../broker/contract/limits.js';
import type { Manifest } from '../../broker/contract/transport.js';

export const manifest: Manifest = {
  order: 'causal',
  multicast: 'loop',
  passesDescriptors: false,
  revocation: 'node',
  credentials: 'none',
  peerEnd: 'probe',
  messageBytesMax: datagramMessageBytesMax,
  handlesMax: messageHandlesMax,
  descriptorsMax: 0,
  crossHost: false,
  crossProcess: true,
};
