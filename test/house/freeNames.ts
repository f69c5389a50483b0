/**
 * The names an example may use without saying where they come from: they exist for the compiler only, so an example
 * that runs has to make its own.
 */
import type { Observable, Subject } from 'rxjs';
import type { Bytes, Connection, Listener, Protocol, Service } from 'ropewalk';
import type { ForeignLoop } from 'ropewalk/gtk';
import type { Request, Response } from 'ropewalk/http';
import type { Marbles } from 'ropewalk/marbles';

export declare const connection: Connection;
export declare const connections: Listener;
export declare const incoming: Observable<Bytes>;
export declare const stop: Observable<unknown>;
export declare const stopping: Observable<unknown>;
export declare const source: Observable<string>;
export declare const words$: Observable<string>;

/** Protocols of the reader's own. */
export declare const chat: Protocol<string>;
export declare const room: Subject<string>;
export declare function answer(question: Question): Question;
export declare function shout<T>(said: T): T;
export declare function session(connection: Connection): Observable<unknown>;
export interface Question {
  readonly text: string;
}

/** Work and data of the reader's own. */
export declare const urls: readonly string[];
export declare const rows: readonly { readonly id: number }[];
export declare const index: { add(row: { readonly id: number }): Promise<void> };
export declare function readThenWrite(): Promise<void>;

/** Services of the reader's own. */
export declare const web: Service;
export declare const irc: Service;
export declare const databaseService: Service;
export declare function migrate(): Observable<unknown>;

/** A site of the reader's own. */
export declare const site: Protocol<Request, Response>;

/** A window of the reader's own, what node-gtk exports, and the loop of another toolkit. */
export declare const gi: { require(namespace: string, version?: string): unknown };
export declare const hits$: Observable<number>;
export declare const label: { setText(text: string): void };
export declare const loop: ForeignLoop;

/** Whatever sends requests. */
export declare const client: { send(request: Request): Response | PromiseLike<Response> };

/** What a test in virtual time is given. */
export declare const m: Marbles;
