/**
 * The sockets transport keeps the contract.
 */
import test from 'ava';
import { catalogFixture } from '../conformance/catalog-fixture.js';
import { transportConformance } from '../conformance/index.js';

transportConformance(test, catalogFixture('sockets'));
