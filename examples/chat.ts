/**
 * A chat room: shared state is a Subject.
 * Run: npx ts-node examples/chat.ts    then, in several terminals: nc 127.0.0.1 1025
 * You will see in every nc what anyone types, with the address of who said it.
 */
import { ignoreElements, Subject, tap } from 'rxjs';
import { alongside, lines, over, serve, type Protocol } from 'ropewalk';
import { listen } from 'ropewalk/node';

const room = new Subject<string>();
const chat: Protocol<string> = (said, me) => said.pipe(
  tap((line) => room.next(`${me.remote}: ${line}`)),
  ignoreElements(),
  alongside(room),                                       // hear the room for as long as I am here
);
listen('tcp:1025').pipe(serve(over(lines(), chat))).subscribe();
