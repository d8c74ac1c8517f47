//go:build grpc

package main

import (
	"context"
	"net"
	"runtime"
	"strings"

	"google.golang.org/grpc"
)

// messageMax is far above what is sent; the default is 4 MiB.
const messageMax = 64 * 1024 * 1024

func init() {
	version := grpc.Version + ", Go " + strings.TrimPrefix(runtime.Version(), "go")
	contestants["gRPC-Go"] = contestant{version, serveGRPC, connectGRPC}
}

// echo is what a generated file would hold, for a service without interceptors.
var echo = grpc.ServiceDesc{
	ServiceName: "benches.Echo",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{
		itemMethod("Echo", atOnce),
		itemMethod("EchoAfterYield", afterYield),
		itemMethod("EchoAfterNap", afterNap),
		{MethodName: "Blob", Handler: handleBlob},
	},
	Streams: []grpc.StreamDesc{down, up, both, bulk},
}

func itemMethod(name string, before func()) grpc.MethodDesc {
	handle := func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		item := new(itemMessage)
		if err := decode(item); err != nil {
			return nil, err
		}
		before()
		return item, nil
	}
	return grpc.MethodDesc{MethodName: name, Handler: handle}
}

func handleBlob(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	blob := new(blobMessage)
	if err := decode(blob); err != nil {
		return nil, err
	}
	return blob, nil
}

func serveGRPC(listener net.Listener) error {
	server := grpc.NewServer(grpc.MaxRecvMsgSize(messageMax), grpc.MaxSendMsgSize(messageMax))
	server.RegisterService(&echo, struct{}{})
	return server.Serve(listener)
}

type grpcClient struct{ *grpc.ClientConn }

func connectGRPC(address string) (client, error) {
	limits := grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(messageMax), grpc.MaxCallSendMsgSize(messageMax))
	connection, err := grpc.Dial(address, grpc.WithInsecure(), grpc.WithBlock(), limits)
	return grpcClient{connection}, err
}

func (c grpcClient) small() error    { return c.item("/benches.Echo/Echo") }
func (c grpcClient) yielding() error { return c.item("/benches.Echo/EchoAfterYield") }
func (c grpcClient) napping() error  { return c.item("/benches.Echo/EchoAfterNap") }

func (c grpcClient) item(method string) error {
	answer := new(itemMessage)
	if err := c.Invoke(context.Background(), method, sampleItem(), answer); err != nil {
		return err
	}
	return check(answer.ID, answer.Values)
}

func (c grpcClient) large(bytes []byte) (int, error) {
	answer := new(blobMessage)
	err := c.Invoke(context.Background(), "/benches.Echo/Blob", &blobMessage{Bytes: bytes}, answer)
	return len(answer.Bytes), err
}
