/**
 * The memory transport keeps the contract.
 */
import test from 'ava';
import { transportConformance } from '../conformance/index.js';
import { lesserFixture, memoryFixture } from '../conformance/memory-fixture.js';

transportConformance(test, memoryFixture);
transportConformance(test, lesserFixture);
