/**
 * What the harness itself costs for each sample (benchmark method, points 8, 9 and 14): the pipeline that drives every client in
 * TypeScript, with a client that answers from a list, so that nothing but the harness is left. Two readings of the clock are in it.
 */
import { type Done, Pipeline, type PipelinedClient } from '../peers/pipelined.js';
import { Samples } from './samples.js';

const underWay = 64;

/** Blocks that are measured, after some in which the code becomes warm. */
const blocks = 7;
const warmUpBlocks = 5;

/** Answers what it was sent, oldest first, some thousand in each turn of the event loop. */
function createNullClient(): PipelinedClient {
  const perTurn = 4_096;
  // A power of two, and more than are ever under way.
  const ring = new Array<Done>(2 * underWay).fill(() => {});
  let sent = 0;
  let answered = 0;
  let isScheduled = false;
  const answer = (): void => {
    isScheduled = false;
    for (let left = perTurn; left > 0 && answered < sent; left--) ring[answered++ % ring.length]?.(true);
    if (answered < sent) schedule();
  };
  const schedule = (): void => {
    isScheduled = true;
    setImmediate(answer);
  };
  return {
    send(_number, done): void {
      ring[sent++ % ring.length] = done;
      if (!isScheduled) schedule();
    },
  };
}

/** Nanoseconds of CPU time for one sample: the median of some blocks of `blockMs`. */
export async function measureSampleCostNs(blockMs = 15): Promise<number> {
  const pipeline = new Pipeline(createNullClient());
  const samples = new Samples();
  const costs: number[] = [];
  for (let block = 0; block < warmUpBlocks + blocks; block++) {
    samples.clear();
    const before = process.cpuUsage();
    await pipeline.run(performance.now() + blockMs, underWay, 0, samples);
    const { user, system } = process.cpuUsage(before);
    if (block >= warmUpBlocks) costs.push(((user + system) * 1000) / Math.max(samples.count, 1));
  }
  costs.sort((a, b) => a - b);
  return Math.round(costs[costs.length >> 1] ?? 0);
}
