/** The client of a manager waits for room, as the other clients do (docs/benchmark.md, W1): to be refused it is no failure of its cell. */
import test from 'ava';
import { controlOperations, createControlLoop } from '../../bench/peers/control.js';
import { Request, type ResponseShape, Response as Wire } from '../../broker/contract/control.js';
import { BrokerError, ErrorCode, type Handle, type Peer } from '../../broker/contract/index.js';
import { Manager } from '../../clients/library/index.js';
import { FewSamples, plentyMs } from './support/few-samples.js';

const started = { name: 'probe', state: 2 };

/** What a manager says whose only service is started. */
function answerTo(bytes: Uint8Array): ResponseShape {
  const { list, find } = Request.decode(bytes);
  if (list) return { list: { services: [started] } };
  return find ? { found: { status: started } } : { status: started };
}

/** Handles to a manager that are refused every second call, and each call until it was waited for room. */
class CrowdedManager {
  refused = 0;
  waited = 0;
  /** Whether it refuses by itself, in an answer, what nobody had to wait for. */
  saysNo = false;
  #calls = 0;
  #isFull = false;

  readonly handle = {
    call: async ({ bytes }: { readonly bytes: Uint8Array }) => {
      if (this.#calls++ % 2 === 0 || this.#isFull) {
        this.refused++;
        this.#isFull = true;
        throw new BrokerError(ErrorCode.OverQuota, 'no room for more in flight');
      }
      const said = this.saysNo ? { error: { code: ErrorCode.OverQuota, message: 'no' } } : answerTo(bytes);
      return { bytes: Wire.encode(said).finish(), handles: [this.handle], descriptors: [] };
    },
    writable: async () => {
      this.waited++;
      await new Promise(setImmediate);
      this.#isFull = false;
    },
    close: () => {},
  } as unknown as Handle;
}

for (const operation of controlOperations.filter((one) => one !== 'start-event')) {
  test(`${operation}: a call for which there is no room waits until there is`, async (t) => {
    const crowded = new CrowdedManager();
    const manager = new Manager({} as Peer, crowded.handle, () => {});
    const loop = await createControlLoop(manager, operation, 'probe', 1);
    const before = crowded.refused;
    const samples = new FewSamples(20);
    t.is(await loop(performance.now() + plentyMs, samples), 0);
    t.is(samples.count, 20);
    t.is(crowded.refused - before, 20);
    t.is(crowded.waited, crowded.refused);
  });
}

test('what the manager itself refuses is an answer, and nobody asks again', async (t) => {
  const crowded = new CrowdedManager();
  const manager = new Manager({} as Peer, crowded.handle, () => {});
  const loop = await createControlLoop(manager, 'status', 'probe', 1);
  crowded.saysNo = true;
  const before = crowded.refused;
  await t.throwsAsync(loop(performance.now() + plentyMs, new FewSamples(1)), { message: 'no' });
  t.is(crowded.refused - before, 1);
});
