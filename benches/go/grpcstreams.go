//go:build grpc

package main

import (
	"context"
	"io"

	"google.golang.org/grpc"
)

// The streams, as a generated file would describe them.
var (
	down = grpc.StreamDesc{StreamName: "Down", Handler: handleDown, ServerStreams: true}
	up   = grpc.StreamDesc{StreamName: "Up", Handler: handleUp, ClientStreams: true}
	both = grpc.StreamDesc{StreamName: "Both", Handler: handleBoth, ServerStreams: true, ClientStreams: true}
	bulk = grpc.StreamDesc{StreamName: "Bulk", Handler: handleBulk, ServerStreams: true}
)

func sampleItem() *itemMessage {
	return &itemMessage{ID: 7, Name: sampleName(), Values: sampleValues()}
}

func handleDown(_ any, stream grpc.ServerStream) error {
	extent := new(extentMessage)
	if err := stream.RecvMsg(extent); err != nil {
		return err
	}
	for left := extent.Items; left > 0; left-- {
		if err := stream.SendMsg(sampleItem()); err != nil {
			return err
		}
	}
	return nil
}

func handleUp(_ any, stream grpc.ServerStream) error {
	came, err := receiveItems(stream, new(counter))
	if err != nil {
		return err
	}
	return stream.SendMsg(&extentMessage{Items: came})
}

func handleBoth(_ any, stream grpc.ServerStream) error {
	for {
		item := new(itemMessage)
		if err := stream.RecvMsg(item); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := stream.SendMsg(item); err != nil {
			return err
		}
	}
}

func handleBulk(_ any, stream grpc.ServerStream) error {
	extent := new(extentMessage)
	if err := stream.RecvMsg(extent); err != nil {
		return err
	}
	bytes := make([]byte, extent.Size)
	for left := extent.Items; left > 0; left-- {
		if err := stream.SendMsg(&blobMessage{Bytes: bytes}); err != nil {
			return err
		}
	}
	return nil
}

// receiver is either end of a stream.
type receiver interface {
	RecvMsg(message any) error
}

// receiveItems looks at every item, and gives how many came.
func receiveItems(stream receiver, count *counter) (came uint64, err error) {
	for {
		item := new(itemMessage)
		if err := stream.RecvMsg(item); err == io.EOF {
			return came, nil
		} else if err != nil {
			return came, err
		}
		if err := check(item.ID, item.Values); err != nil {
			return came, err
		}
		came++
		count.add()
	}
}

// open opens a stream, and sends a request where only the server sends more.
func (c grpcClient) open(stream *grpc.StreamDesc, request *extentMessage) (grpc.ClientStream, error) {
	opened, err := c.NewStream(context.Background(), stream, "/benches.Echo/"+stream.StreamName)
	if err != nil || request == nil {
		return opened, err
	}
	if err := opened.SendMsg(request); err != nil {
		return nil, err
	}
	return opened, opened.CloseSend()
}

func (c grpcClient) down(items uint64, count *counter) (uint64, error) {
	stream, err := c.open(&down, &extentMessage{Items: items})
	if err != nil {
		return 0, err
	}
	return receiveItems(stream, count)
}

func (c grpcClient) up(items uint64, count *counter) (uint64, error) {
	stream, err := c.open(&up, nil)
	if err != nil {
		return 0, err
	}
	if err := sendItems(stream, items, count); err != nil {
		return 0, err
	}
	answer := new(extentMessage)
	err = stream.RecvMsg(answer)
	return answer.Items, err
}

func (c grpcClient) both(items uint64, count *counter) (uint64, error) {
	stream, err := c.open(&both, nil)
	if err != nil {
		return 0, err
	}
	sent := make(chan error, 1)
	go func() { sent <- sendItems(stream, items, new(counter)) }()
	came, err := receiveItems(stream, count)
	if err != nil {
		return came, err
	}
	return came, <-sent
}

func (c grpcClient) bulk(items uint64, size int, count *counter) (came uint64, err error) {
	stream, err := c.open(&bulk, &extentMessage{Items: items, Size: uint64(size)})
	if err != nil {
		return 0, err
	}
	for {
		blob := new(blobMessage)
		if err := stream.RecvMsg(blob); err == io.EOF {
			return came, nil
		} else if err != nil {
			return came, err
		}
		came += uint64(len(blob.Bytes))
		count.add()
	}
}

// sendItems sends so many items, and says that there are no more.
func sendItems(stream grpc.ClientStream, items uint64, count *counter) error {
	for ; items > 0; items-- {
		if err := stream.SendMsg(sampleItem()); err != nil {
			return err
		}
		count.add()
	}
	return stream.CloseSend()
}
