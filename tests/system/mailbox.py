"""A mail server of one address for tests: takes every message (RFC 5321), and writes it to a new file in a directory.

mailbox.py PORT DIRECTORY: prints "ready" when it listens on 127.0.0.1. While there is a file DIRECTORY.slow it does not say
that it has taken what it took."""
import os
import socketserver
import sys
import time

directory = sys.argv[2]


class Session(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        envelope = []
        self.say("220 mailbox.example")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"QUIT":
                self.say("221 bye")
                return
            if word == b"DATA":
                self.say("354 go on")
                self.keep(envelope)
                envelope = []
                while os.path.exists(directory + ".slow"):
                    time.sleep(0.05)
            elif word in (b"MAIL", b"RCPT"):
                envelope.append(line)
            self.say("250 mailbox.example")

    def keep(self, envelope):
        name = os.path.join(directory, str(len(os.listdir(directory))))
        with open(name + ".part", "wb") as message:
            message.writelines(b"X-Envelope: " + line for line in envelope)
            for line in self.rfile:
                if line == b".\r\n":
                    break
                message.write(line[1:] if line.startswith(b".") else line)
        os.rename(name + ".part", name)


socketserver.TCPServer.allow_reuse_address = True
with socketserver.TCPServer(("127.0.0.1", int(sys.argv[1])), Session) as server:
    print("ready", flush=True)
    server.serve_forever()
