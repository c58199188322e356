/** Every frame of the transports that have a wire; `memory` has none. */
import { busEvents } from './bus-events.js';
import { busRequests } from './bus-requests.js';
import { datagramFrames } from './datagram-frames.js';
import type { FrameCodec } from './frame-codec.js';
import { socketsFrames } from './sockets-frames.js';

export const frameCodecs: readonly FrameCodec[] = [
  ...socketsFrames,
  ...datagramFrames,
  ...busRequests,
  ...busEvents,
];
