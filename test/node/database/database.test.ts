/** The same suite for every driver. */
import { withPeers } from '../../peers.ts';
import { postgresWorld } from './postgresWorld.ts';
import { databaseSuite } from './suite.ts';

withPeers('postgres')('on PostgreSQL', () => databaseSuite(postgresWorld()));
