"""TLS to clients: certificates that are renewed while the proxy runs."""
import os
import signal
import socket
import ssl
import subprocess

from support import Upstream, config


def make(cli, name):
    """A key and its certificate; returns (certificate, key, the certificate's bytes)."""
    cert, key = cli.dir / f"{name}.pem", cli.dir / f"{name}.key"
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                           "-keyout", str(key), "-out", str(cert)], capture_output=True)
    assert made.returncode == 0, made.stderr
    return cert, key, ssl.PEM_cert_to_DER_cert(cert.read_text())


def connect(port):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=10))


def health(sock):
    sock.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
    return b"200 OK" in sock.recv(4096)


def test_renewed_certificates_are_taken(cli):
    first, second, third = (make(cli, n) for n in ("first", "second", "third"))
    cert, key = cli.dir / "live.pem", cli.dir / "live.key"

    def put(c, k):
        for data, path in ((k, key), (c, cert)):
            (cli.dir / "new").write_bytes(data)
            os.replace(cli.dir / "new", path)
    put(first[0].read_bytes(), first[1].read_bytes())
    config(cli, Upstream())
    p = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "2", "--tls-cert", str(cert), "--tls-key", str(key))
    old = connect(p.port)
    assert old.getpeercert(True) == first[2] and health(old)
    put(second[0].read_bytes(), second[1].read_bytes())                  # seen by itself
    p.wait_log("certificate and key read again")
    assert {connect(p.port).getpeercert(True) for _ in range(6)} == {second[2]}, "each worker has it"
    assert health(old), "a connection that is open goes on"
    put(third[0].read_bytes(), second[1].read_bytes())                   # they do not belong together
    p.wait_log("certificate or key is refused, the old ones stay: .*live")
    assert connect(p.port).getpeercert(True) == second[2]
    put(b"no certificate", third[1].read_bytes())
    p.process.send_signal(signal.SIGHUP)
    p.wait_log("refused, the old ones stay: .*live.pem")
    assert connect(p.port).getpeercert(True) == second[2]
    put(third[0].read_bytes(), third[1].read_bytes())
    p.process.send_signal(signal.SIGHUP)
    end = p.wait_log("certificate and key read again: .*(?P<rest>.*)")
    assert end
    for _ in range(200):
        if connect(p.port).getpeercert(True) == third[2]:
            break
    else:
        raise AssertionError("the third one never came")
    assert health(old) and p.stop() == 0


def test_a_configuration_may_name_other_certificates(cli):
    first, second = make(cli, "first"), make(cli, "second")
    up = Upstream()
    text = "server: {{tls_cert: {0}, tls_key: {1}}}\n".format
    file = config(cli, up, text(first[0], first[1]))
    p = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1")
    assert connect(p.port).getpeercert(True) == first[2]
    config(cli, up, text(second[0], second[1]))
    p.wait_log("certificate and key read again")
    assert connect(p.port).getpeercert(True) == second[2]
    file.write_text(file.read_text().replace(f", tls_key: {second[1]}", ""))
    p.wait_log("configuration is refused, the old one stays: TLS needs")
    assert connect(p.port).getpeercert(True) == second[2]
